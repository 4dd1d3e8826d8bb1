//! One style sheet out of many: `@import` lines replaced by the files they name.
//!
//! The sources stay small files (tokens, layout, one per component), while the browser gets a single
//! request: an `@import` left in place would be found only after the first file has arrived, and
//! would ask for a path that the content-hashed URL does not have. xtask does it and not Trunk,
//! whose offline CSS pipeline copies files as they are.
//!
//! Only what the sources use is understood: an `@import "file.css";` or `@import url("file.css");`
//! on a line of its own, with `layer(name)` behind it if wanted. Anything else is refused by name
//! rather than passed on half-understood.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The text of a style sheet with its imports in place.
pub fn inline(sheet: &Path) -> Result<String> {
    let mut out = String::new();
    add(sheet, &mut Vec::new(), &mut out)?;
    Ok(out)
}

fn add(sheet: &Path, within: &mut Vec<PathBuf>, out: &mut String) -> Result<()> {
    let path = fs::canonicalize(sheet)
        .with_context(|| format!("The style sheet {} cannot be found.", sheet.display()))?;
    if within.contains(&path) {
        bail!("The style sheet {} imports itself in a circle.", sheet.display());
    }
    let text = fs::read_to_string(&path)
        .with_context(|| format!("The style sheet {} cannot be read.", sheet.display()))?;
    within.push(path);
    for line in text.lines() {
        if !line.trim_start().starts_with("@import") {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let import = read_import(line).with_context(|| {
            format!(
                "{} has an import that xtask/src/css.rs does not know: `{}`. Write \
                 `@import \"file.css\";` or `@import \"file.css\" layer(name);` on a line of its \
                 own.",
                sheet.display(),
                line.trim()
            )
        })?;
        let file = sheet.with_file_name(import.file);
        if let Some(layer) = import.layer {
            out.push_str(&format!("@layer {layer} {{\n"));
            add(&file, within, out)?;
            out.push_str("}\n");
        } else {
            add(&file, within, out)?;
        }
    }
    within.pop();
    Ok(())
}

#[derive(Debug, PartialEq)]
struct Import<'a> {
    file: &'a str,
    layer: Option<&'a str>,
}

fn read_import(line: &str) -> Option<Import<'_>> {
    let rest = line.trim().strip_prefix("@import")?.strip_suffix(';')?.trim();
    let (target, rest) = match rest.strip_prefix("url(") {
        Some(inside) => inside.split_once(')')?,
        None => {
            let closing = rest.get(1..)?.find(['"', '\''])?;
            rest.split_at(closing + 2)
        }
    };
    let target = target.trim();
    let file = ['"', '\'']
        .iter()
        .find_map(|quote| target.strip_prefix(*quote)?.strip_suffix(*quote))
        .filter(|file| !file.contains(['"', '\'', ':']) && !file.starts_with('/'))?;
    let rest = rest.trim();
    let layer = match rest {
        "" => None,
        _ => Some(rest.strip_prefix("layer(")?.strip_suffix(')')?),
    };
    Some(Import { file, layer })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn understands_the_forms_it_promises_and_no_others() {
        let plain = Import { file: "a.css", layer: None };
        assert_eq!(read_import("@import \"a.css\";").unwrap(), plain);
        assert_eq!(read_import("  @import url('a.css');").unwrap(), plain);
        assert_eq!(
            read_import("@import \"ui/b.css\" layer(base);").unwrap(),
            Import { file: "ui/b.css", layer: Some("base") }
        );
        for line in [
            "@import \"a.css\" print;",
            "@import url(https://example.org/x.css);",
            "@import \"/a.css\";",
            "@import \"a.css\"; body { margin: 0 }",
            "@import ;",
            "@import a.css;",
        ] {
            assert!(read_import(line).is_none(), "{line}");
        }
    }

    #[test]
    fn imports_come_in_their_order_and_circles_are_named() {
        let folder = std::env::temp_dir().join(format!("xtask-css-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        write(
            "app.css",
            "@layer base;\n@import \"b.css\" layer(base);\n@import \"a.css\";\nend {}\n",
        );
        write("a.css", "a {}\n");
        write("b.css", "@import \"a.css\";\nb {}");
        assert_eq!(
            inline(&folder.join("app.css")).unwrap(),
            "@layer base;\n@layer base {\na {}\nb {}\n}\na {}\nend {}\n"
        );
        write("a.css", "@import \"b.css\";\n");
        let error = inline(&folder.join("app.css")).unwrap_err().to_string();
        assert!(error.contains("in a circle"), "{error}");
        write("a.css", "@import \"gone.css\";\n");
        let error = inline(&folder.join("app.css")).unwrap_err().to_string();
        assert!(error.contains("gone.css cannot be found"), "{error}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
