use std::time::Duration;

use reqwest::{Method, StatusCode};
use transship_oci::Digest;
use transship_registry_server::{Auth, Registry, Users, UsersError};

use crate::support::{Running, code, json, store, text};

fn alice() -> Users {
    let hash = bcrypt::hash("secret", 4).unwrap();
    Users::htpasswd(&format!("# people\n\nalice:{hash}\n")).unwrap()
}

async fn with(auth: Auth) -> Running {
    Running::start(Registry::new(store()).auth(auth)).await
}

async fn as_user(registry: &Running, method: Method, path: &str, password: &str) -> StatusCode {
    let request = registry.request(method, path);
    let request = request.basic_auth("alice", Some(password));
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn basic_lets_in_whoever_knows_the_password() {
    let registry = with(Auth::basic(alice())).await;
    let asked = registry.get("/v2/").await;
    assert_eq!(asked.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        text(asked.headers(), "www-authenticate"),
        "Basic realm=\"registry\""
    );
    assert_eq!(code(asked).await, "UNAUTHORIZED");
    for (password, status) in [("wrong", 401), ("secret", 200), ("secret", 200), ("", 401)] {
        assert_eq!(
            as_user(&registry, Method::GET, "/v2/", password).await,
            status
        );
    }
    assert_eq!(registry.get("/token").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn everybody_may_pull_where_that_is_said() {
    let registry = with(Auth::basic(alice()).anonymous_pull()).await;
    // A client finds out from here that it can log in.
    assert_eq!(registry.get("/v2/").await.status(), 401);
    let post = "/v2/a/blobs/uploads/";
    let refused = registry.request(Method::POST, post).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(as_user(&registry, Method::POST, post, "secret").await, 202);
    assert_eq!(registry.get("/v2/a/tags/list").await.status(), 200);
    // A wrong password is not the same as none.
    assert_eq!(
        as_user(&registry, Method::GET, "/v2/a/tags/list", "no").await,
        401
    );
}

#[test]
fn a_password_file_that_is_none_is_refused() {
    let refused = |text: &str| Users::htpasswd(text).unwrap_err();
    assert_eq!(refused("alice"), UsersError::Line(1));
    assert_eq!(refused("\n# x\n"), UsersError::Nobody);
    let weak = refused("alice:$apr1$x$y");
    assert_eq!(
        weak.to_string(),
        "the password of alice is not hashed with bcrypt; make it with `htpasswd -B`"
    );
    assert_eq!(format!("{:?}", alice()), "Users(1)");
}

/// Fetches a token for a scope.
async fn token(registry: &Running, scope: &str) -> String {
    let path = format!("/token?service=x&scope={scope}");
    let request = registry.request(Method::GET, &path);
    let response = request
        .basic_auth("alice", Some("secret"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body = json(response).await;
    assert_eq!(body["expires_in"], 60);
    assert_eq!(body["token"], body["access_token"]);
    body["token"].as_str().unwrap().to_owned()
}

async fn bearing(registry: &Running, token: &str, method: Method, path: &str) -> (u16, String) {
    let request = registry.request(method, path).bearer_auth(token);
    let response = request.send().await.unwrap();
    let challenge = text(response.headers(), "www-authenticate").to_owned();
    (response.status().as_u16(), challenge)
}

#[tokio::test]
async fn a_token_is_good_for_its_scope_and_its_time() {
    let registry = with(Auth::token(alice(), Duration::from_mins(1))).await;
    let host = registry.host();
    let realm = format!("Bearer realm=\"http://{host}/token\",service=\"{host}\"");
    let asked = registry.get("/v2/").await;
    assert_eq!(text(asked.headers(), "www-authenticate"), realm);
    let tags = "/v2/a/tags/list";
    let asked = registry.get(tags).await;
    let expected = format!("{realm},scope=\"repository:a:pull\"");
    assert_eq!(text(asked.headers(), "www-authenticate"), expected);

    let pull = token(&registry, "repository:a:pull").await;
    assert_eq!(bearing(&registry, &pull, Method::GET, tags).await.0, 404);
    let post = "/v2/a/blobs/uploads/";
    let (status, challenge) = bearing(&registry, &pull, Method::POST, post).await;
    assert_eq!(status, 401);
    let wanted = ",scope=\"repository:a:pull,push\",error=\"insufficient_scope\"";
    assert_eq!(challenge, format!("{realm}{wanted}"));
    let push = token(&registry, "repository:a:pull,push").await;
    assert_eq!(bearing(&registry, &push, Method::POST, post).await.0, 202);
    assert_eq!(
        bearing(&registry, &push, Method::GET, "/v2/_catalog")
            .await
            .0,
        401
    );
    let catalog = token(&registry, "registry:catalog:*").await;
    assert_eq!(
        bearing(&registry, &catalog, Method::GET, "/v2/_catalog")
            .await
            .0,
        200
    );
    // To take away is a right of its own.
    let path = format!("/v2/a/blobs/{}", Digest::sha256(b""));
    assert_eq!(
        bearing(&registry, &push, Method::DELETE, &path).await.0,
        401
    );
    let delete = token(&registry, "repository:a:delete").await;
    assert_eq!(
        bearing(&registry, &delete, Method::DELETE, &path).await.0,
        404
    );

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    let (status, challenge) = bearing(&registry, &push, Method::POST, post).await;
    assert_eq!(status, 401);
    assert!(
        challenge.ends_with("error=\"invalid_token\""),
        "{challenge}"
    );
}

#[tokio::test]
async fn a_token_is_given_to_those_who_may_have_it() {
    let registry = with(Auth::token(alice(), Duration::from_mins(1))).await;
    let nobody = registry.get("/token?scope=repository:a:pull").await;
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    let form = "grant_type=password&username=alice&password=secret&scope=repository:a:pull";
    let post = registry.request(Method::POST, "/token").body(form);
    let body = json(post.send().await.unwrap()).await;
    let token = body["access_token"].as_str().unwrap();
    assert_eq!(
        bearing(&registry, token, Method::GET, "/v2/a/tags/list")
            .await
            .0,
        404
    );
    let form = form.replace("secret", "wrong");
    let post = registry.request(Method::POST, "/token").body(form);
    assert_eq!(
        post.send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );

    let registry = with(Auth::token(alice(), Duration::from_mins(1)).anonymous_pull()).await;
    let body = json(registry.get("/token?scope=repository:a:pull,push").await).await;
    let token = body["token"].as_str().unwrap();
    assert_eq!(
        bearing(&registry, token, Method::GET, "/v2/a/tags/list")
            .await
            .0,
        404
    );
    let post = "/v2/a/blobs/uploads/";
    assert_eq!(bearing(&registry, token, Method::POST, post).await.0, 401);
}

#[tokio::test]
async fn a_mount_needs_the_right_to_read_the_source() {
    let registry = with(Auth::token(alice(), Duration::from_mins(1))).await;
    let digest = Digest::sha256(b"content");
    let push = token(&registry, "repository:from:pull,push").await;
    let path = format!("/v2/from/blobs/uploads/?digest={digest}");
    let request = registry.request(Method::POST, &path).bearer_auth(&push);
    assert_eq!(request.body("content").send().await.unwrap().status(), 201);

    let mount = format!("/v2/to/blobs/uploads/?mount={digest}&from=from");
    let target_only = token(&registry, "repository:to:pull,push").await;
    assert_eq!(
        bearing(&registry, &target_only, Method::POST, &mount)
            .await
            .0,
        202
    );
    let both = token(
        &registry,
        "repository:to:pull,push&scope=repository:from:pull",
    )
    .await;
    assert_eq!(bearing(&registry, &both, Method::POST, &mount).await.0, 201);
}
