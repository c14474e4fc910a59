//! The board: a page that shows a front desk its calendar as it changes, and what the page asks. It is made of the files of
//! `worker/board`, as they are.

mod call;
mod functions;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use sha2::{Digest, Sha256};

use super::Served;

/// No call of the page is longer, in bytes.
const LARGEST_CALL: usize = 64 * 1024;

/// What a browser lets the page do: run these files and ask this server, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub fn routes() -> Router<Arc<Served>> {
    Router::new()
        .route("/board", get(page))
        .route("/board/", get(async || Redirect::permanent("../board")))
        .route("/board/{file}", get(file))
        .route("/board/call", get(call::allowed))
        .route("/board/call/{function}", post(call::call))
        .layer(DefaultBodyLimit::max(LARGEST_CALL))
}

/// What the page asks, without the schema.
pub fn function_names() -> impl Iterator<Item = &'static str> {
    functions::FUNCTIONS.iter().map(functions::Function::name)
}

struct File {
    name: &'static str,
    text: &'static str,
    /// Changes with the text.
    tag: HeaderValue,
}

impl File {
    fn new(name: &'static str, text: &'static str) -> Self {
        let hash = Sha256::digest(text.as_bytes());
        let tag = format!("\"{}\"", hex::encode(hash.get(..16).unwrap_or_default()));
        File { name, text, tag: HeaderValue::from_str(&tag).unwrap_or_else(|_| HeaderValue::from_static("\"\"")) }
    }

    fn kind(&self) -> &'static str {
        match self.name.rsplit_once('.') {
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            _ => "text/html; charset=utf-8",
        }
    }
}

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(File::new($name, include_str!(concat!("../../board/", $name)))),+]
    };
}

const PAGE: &str = "index.html";

static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    files![
        "index.html",
        "style.css",
        "api.js",
        "app.js",
        "appointment.js",
        "changes.js",
        "connections.js",
        "day.js",
        "dialogs.js",
        "dom.js",
        "free.js",
        "keyboard.js",
        "list.js",
        "move.js",
        "news.js",
        "panel.js",
        "search.js",
        "session.js",
        "state.js",
        "stream.js",
        "theme.js",
        "time.js",
        "week.js",
    ]
    .into()
});

async fn page(state: State<Arc<Served>>, headers: HeaderMap) -> Response {
    serve(&state, &headers, PAGE)
}

async fn file(state: State<Arc<Served>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    serve(&state, &headers, &name)
}

/// A file, or that the browser has it already. Where nobody can sign in, there is no board.
fn serve(served: &Served, headers: &HeaderMap, name: &str) -> Response {
    let found = FILES.iter().find(|file| file.name == name).filter(|_| served.context.tokens.is_some());
    let Some(file) = found else { return StatusCode::NOT_FOUND.into_response() };
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    let is_known = known.flat_map(|tags| tags.split(',')).any(|tag| is_same(tag, &file.tag));
    let described = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.kind())),
        (header::ETAG, file.tag.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    ];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, described).into_response(),
        false => (described, file.text).into_response(),
    }
}

/// Whether a browser's tag is that of the file; proxies that compress mark it as weak.
fn is_same(tag: &str, of_file: &HeaderValue) -> bool {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == of_file.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> &'static str {
        FILES.iter().find(|file| file.name == name).unwrap().text
    }

    #[test]
    fn every_file_that_a_file_names_is_served() {
        for file in FILES.iter().filter(|file| file.kind().starts_with("text/javascript")) {
            for line in file.text.lines().filter(|line| line.starts_with("import ")) {
                let name = line.rsplit_once("'./").and_then(|(_, rest)| rest.strip_suffix('\'')).unwrap();
                assert!(FILES.iter().any(|other| other.name == name), "{} imports {name}", file.name);
            }
        }
        for name in ["style.css", "app.js"] {
            assert!(text(PAGE).contains(&format!("\"board/{name}\"")), "{name}");
        }
    }

    #[test]
    fn the_page_has_nothing_that_its_policy_forbids() {
        for forbidden in ["<style", " style=", "javascript:", " onclick=", " onload=", "http://", "https://"] {
            let without_names = text(PAGE).replace("http://www.w3.org/2000/svg", "");
            assert!(!without_names.contains(forbidden), "{forbidden}");
        }
        let scripts = text(PAGE).matches("<script").count();
        assert_eq!((scripts, text(PAGE).matches("<script type=\"module\" src=").count()), (1, 1));
        for file in FILES.iter() {
            assert!(!file.text.contains("innerHTML") && !file.text.contains("setAttribute('style'"), "{}", file.name);
        }
    }

    #[test]
    fn a_tag_is_known_again_alone_and_made_weak() {
        let file = File::new("app.js", "1");
        let tag = file.tag.to_str().unwrap();
        assert!(is_same(tag, &file.tag) && is_same(&format!(" W/{tag} "), &file.tag));
        assert!(!is_same("\"other\"", &file.tag));
        assert_ne!(file.tag, File::new("app.js", "2").tag);
    }
}
