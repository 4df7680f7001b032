//! Adds attributes to generated fields, for which the generator has no setting.

use syn::{Attribute, Field, File, GenericArgument, Ident, Item, PathArguments, Type};

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

/// The type in an `Option`, if it is a name without a path.
pub(super) fn optional(ty: &Type) -> Option<&Ident> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(Type::Path(inner))) => inner.path.get_ident(),
        _ => None,
    }
}
