//! What all routes share in their description: the shape of a refusal, and answers that are bodies with something added.

use std::collections::BTreeMap;

use utoipa::PartialSchema as _;
use utoipa::ToSchema as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Schema};
use utoipa::openapi::{Components, Content, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder};

use crate::platform::http::{ErrorBody, FieldProblem};

type Schemas = BTreeMap<String, RefOr<Schema>>;

const SCHEMAS: &str = "#/components/schemas/";

/// The description with what the routes do not say one by one.
pub(super) fn complete(mut openapi: OpenApi) -> OpenApi {
    let components = openapi.components.get_or_insert_with(Components::new);
    components.schemas.insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    components.schemas.insert(FieldProblem::name().into_owned(), FieldProblem::schema());
    open_what_is_extended(components);
    for (path, item) in &mut openapi.paths.paths {
        for (method, operation) in methods(item) {
            operation.operation_id = Some(operation_id(method, path));
        }
    }
    for operation in openapi.paths.paths.values_mut().flat_map(operations) {
        for (range, sentence) in [("4XX", "Refused, and why"), ("5XX", "Not possible now, or a fault of ours")] {
            operation.responses.responses.entry(range.to_owned()).or_insert_with(|| RefOr::T(refusal(sentence)));
        }
    }
    openapi
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    methods(item).map(|(_, operation)| operation)
}

fn methods(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("get", &mut item.get),
        ("head", &mut item.head),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The name that generated clients give an operation: method and path, so that no two have the same.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').filter(|word| !word.is_empty());
    // A dash is two lines, so that two spellings of a path have two names.
    std::iter::once(method.to_owned()).chain(words.map(|word| word.replace('-', "__"))).collect::<Vec<_>>().join("_")
}

fn refusal(sentence: &str) -> Response {
    let body = Content::new(Some(Ref::from_schema_name(ErrorBody::name())));
    ResponseBuilder::new().description(sentence).content("application/json", body).build()
}

/// A body that takes no unknown keys is closed; an answer that holds the same fields and more is not.
fn open_what_is_extended(components: &mut Components) {
    let known = components.schemas.clone();
    for schema in components.schemas.values_mut() {
        open_within(schema, &known);
    }
}

fn open_within(schema: &mut RefOr<Schema>, known: &Schemas) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::AllOf(all_of) => all_of.items.iter_mut().for_each(|part| open_part(part, known)),
        Schema::Object(object) => object.properties.values_mut().for_each(|part| open_within(part, known)),
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                open_within(items, known);
            }
        }
        _ => {}
    }
}

fn open_part(part: &mut RefOr<Schema>, known: &Schemas) {
    let RefOr::Ref(reference) = &*part else { return };
    let named = reference.ref_location.strip_prefix(SCHEMAS).and_then(|name| known.get(name));
    let Some(RefOr::T(Schema::Object(object))) = named else { return };
    if matches!(object.additional_properties.as_deref(), Some(AdditionalProperties::FreeForm(false))) {
        let mut open = object.clone();
        open.additional_properties = None;
        *part = RefOr::T(Schema::Object(open));
    }
}
