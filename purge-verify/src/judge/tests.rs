mod table;
mod world;

use super::*;
