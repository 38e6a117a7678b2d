//! The file that declares a name, by the scoping of protobuf.
//!
//! | declared | full name |
//! |---|---|
//! | a message, enum or service of a file | `package.Name` |
//! | what is nested in a message, its fields and oneofs | `package.Message.name` |
//! | a value of an enum | next to the enum, not below it: `package.VALUE`, `package.Message.VALUE` |
//! | an extension | where it is written, not where its message is |
//! | a method | `package.Service.Method` |
//! | a package | `package`, in the first file of it |
//!
//! A name may begin with a dot, as it does inside descriptors, and a method may stand behind a slash, as in its address.

use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Names and extensions with their files.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    files: HashMap<String, String>,
    messages: Vec<String>,
    /// Extensions by the message they extend and by number.
    extensions: BTreeMap<(String, i32), String>,
}

impl Symbols {
    /// Adds all names of a file.
    pub(super) fn add(&mut self, file: &FileDescriptorProto) {
        let (package, name) = (file.package(), file.name());
        let mut scope = Scope { symbols: self, file: name };
        file.message_type.iter().for_each(|message| scope.message(package, message));
        file.enum_type.iter().for_each(|of| scope.members(package, of));
        scope.extensions(package, &file.extension);
        for service in &file.service {
            let full = scope.declare(package, service.name());
            service.method.iter().for_each(|method| drop(scope.declare(&full, method.name())));
        }
        let ends = package.match_indices('.').map(|(at, _)| at).chain([package.len()]);
        for part in ends.filter_map(|end| package.get(..end)).filter(|part| !part.is_empty()) {
            self.files.entry(part.to_owned()).or_insert_with(|| name.to_owned());
        }
    }

    /// The file that declares a name.
    pub(super) fn file_of(&self, name: &str) -> Option<&str> {
        self.files.get(&*plain(name)).map(String::as_str)
    }

    /// The file that declares an extension.
    pub(super) fn file_of_extension(&self, message: &str, number: i32) -> Option<&str> {
        self.extensions.get(&(plain(message).into_owned(), number)).map(String::as_str)
    }

    /// The numbers of the extensions of a message, in order; none where there is no such message.
    pub(super) fn extensions_of(&self, message: &str) -> Option<Vec<i32>> {
        let message = plain(message).into_owned();
        let all = (message.clone(), i32::MIN)..=(message.clone(), i32::MAX);
        let numbers: Vec<i32> = self.extensions.range(all).map(|((_, number), _)| *number).collect();
        (!numbers.is_empty() || self.messages.contains(&message)).then_some(numbers)
    }
}

/// A name in the form in which it is known.
fn plain(name: &str) -> Cow<'_, str> {
    let name = name.strip_prefix('.').or_else(|| name.strip_prefix('/')).unwrap_or(name);
    match name.split_once('/') {
        Some((service, method)) => Cow::Owned(format!("{service}.{method}")),
        None => Cow::Borrowed(name),
    }
}

/// A file whose names are being added.
struct Scope<'a> {
    symbols: &'a mut Symbols,
    file: &'a str,
}

impl Scope<'_> {
    /// Adds a name within another; the whole of it.
    fn declare(&mut self, outer: &str, name: &str) -> String {
        let full = if outer.is_empty() { name.to_owned() } else { format!("{outer}.{name}") };
        self.symbols.files.insert(full.clone(), self.file.to_owned());
        full
    }

    fn message(&mut self, outer: &str, message: &DescriptorProto) {
        let full = self.declare(outer, message.name());
        message.field.iter().for_each(|field| drop(self.declare(&full, field.name())));
        message.oneof_decl.iter().for_each(|oneof| drop(self.declare(&full, oneof.name())));
        message.nested_type.iter().for_each(|nested| self.message(&full, nested));
        message.enum_type.iter().for_each(|of| self.members(&full, of));
        self.extensions(&full, &message.extension);
        self.symbols.messages.push(full);
    }

    fn members(&mut self, outer: &str, of: &EnumDescriptorProto) {
        self.declare(outer, of.name());
        of.value.iter().for_each(|value| drop(self.declare(outer, value.name())));
    }

    fn extensions(&mut self, outer: &str, extensions: &[FieldDescriptorProto]) {
        for extension in extensions {
            self.declare(outer, extension.name());
            let key = (plain(extension.extendee()).into_owned(), extension.number());
            self.symbols.extensions.insert(key, self.file.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protox::Compiler;
    use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

    const OUTER: &str = r#"
        syntax = "proto2";
        package a.b;
        message Outer {
            extensions 100 to 200;
            oneof choice { string left = 1; Inner right = 2; }
            message Inner { enum Sort { NESTED_NONE = 0; NESTED_SOME = 1; } extend Outer { optional string deep = 150; } }
        }
        enum Level { LOW = 0; HIGH = 1; }
        extend Outer { optional Level level = 120; }
        service Desk { rpc Ask(Outer) returns (Outer.Inner); }
    "#;

    struct SampleFiles;

    impl FileResolver for SampleFiles {
        fn open_file(&self, name: &str) -> Result<File, protox::Error> {
            let source = if name == "outer.proto" { OUTER } else { return Err(protox::Error::file_not_found(name)) };
            File::from_source(name, source)
        }
    }

    fn symbols() -> Symbols {
        let mut resolver = ChainFileResolver::new();
        resolver.add(SampleFiles);
        resolver.add(GoogleFileResolver::new());
        let mut compiler = Compiler::with_file_resolver(resolver);
        compiler.open_file("outer.proto").unwrap();
        let mut symbols = Symbols::default();
        compiler.file_descriptor_set().file.iter().for_each(|file| symbols.add(file));
        symbols
    }

    #[test]
    fn every_sort_of_name_is_found_by_the_scoping_of_protobuf() {
        let symbols = symbols();
        for name in [
            "a",
            "a.b",
            "a.b.Outer",
            ".a.b.Outer",
            "a.b.Outer.choice",
            "a.b.Outer.left",
            "a.b.Outer.Inner",
            "a.b.Outer.Inner.Sort",
            "a.b.Outer.Inner.NESTED_SOME",
            "a.b.Outer.Inner.deep",
            "a.b.Level",
            "a.b.HIGH",
            "a.b.level",
            "a.b.Desk",
            "a.b.Desk.Ask",
            "a.b.Desk/Ask",
            "/a.b.Desk/Ask",
        ] {
            assert_eq!(symbols.file_of(name), Some("outer.proto"), "{name}");
        }
        for name in
            ["", ".", "b.Outer", "Outer", "a.b.Level.HIGH", "a.b.Outer.deep", "a.b.Outer.", "..a.b.Outer", "a.b.OUTER"]
        {
            assert_eq!(symbols.file_of(name), None, "{name}");
        }
    }

    #[test]
    fn extensions_are_found_by_message_and_number_wherever_they_are_written() {
        let symbols = symbols();
        assert_eq!(symbols.extensions_of(".a.b.Outer"), Some(vec![120, 150]));
        assert_eq!(symbols.extensions_of("a.b.Outer.Inner"), Some(Vec::new()));
        assert_eq!((symbols.extensions_of("a.b.Nobody"), symbols.extensions_of("a.b.Level")), (None, None));
        assert_eq!(symbols.file_of_extension("a.b.Outer", 150), Some("outer.proto"));
        assert_eq!(symbols.file_of_extension("a.b.Outer", 151), None);
    }
}
