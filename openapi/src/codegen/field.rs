//! Adds attributes to generated fields, for which the generator has no setting.

use syn::{Attribute, Field, File, GenericArgument, Item, Path, PathArguments, Type};

/// Adds an attribute to the wanted fields of all structs in a file.
pub(super) fn annotate(file: &mut File, is_wanted: fn(&Field) -> bool, attribute: &Attribute) {
    items(&mut file.items, is_wanted, attribute);
}

fn items(all: &mut [Item], is_wanted: fn(&Field) -> bool, attribute: &Attribute) {
    for item in all {
        match item {
            Item::Mod(module) => {
                if let Some((_, inner)) = &mut module.content {
                    items(inner, is_wanted, attribute);
                }
            }
            Item::Struct(item) => {
                for field in item.fields.iter_mut().filter(|field| is_wanted(field)) {
                    field.attrs.push(attribute.clone());
                }
            }
            _ => {}
        }
    }
}

/// The type of such a field, if it is an `Option` that is read from JSON. Builders also have fields of this name, but
/// are not read from JSON.
pub(super) fn optional<'a>(field: &'a Field, name: &str) -> Option<&'a Path> {
    let is_read = field.attrs.iter().any(|attribute| attribute.path().is_ident("serde"));
    let is_named = field.ident.as_ref().is_some_and(|ident| ident == name);
    if is_read && is_named { in_option(&field.ty) } else { None }
}

/// The type in an `Option`, if it has a name.
fn in_option(ty: &Type) -> Option<&Path> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(Type::Path(inner))) => Some(&inner.path),
        _ => None,
    }
}
