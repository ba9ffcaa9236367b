//! The pages, the headers of every answer, and what is refused before anybody is asked.

use reqwest::Method;
use serde_json::json;

use crate::bench::{Bench, Person};

#[tokio::test]
async fn a_page_path_gives_the_app_and_an_unknown_operation_never_does() {
    let bench = Bench::new().await;
    for path in ["/", "/line", "/models/pump-7-bearing", "/enter/abc"] {
        let answer = bench.ask(&Person(None), Method::GET, path, None).await;
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(kind.starts_with("text/html"), "{path}: {kind}");
        assert_eq!(answer.headers()["cache-control"], "no-cache");
        // with a built app 200, without one a page that says how to build it
        assert!([200, 503].contains(&answer.status().as_u16()), "{path}");
    }
    for path in ["/api/v1/nothing", "/api/v2/site", "/demo/nothing-here"] {
        let (status, problem) = bench.problem(&Person(None), Method::GET, path, None).await;
        assert!([404, 401].contains(&status), "{path}: {problem}");
    }
    let (status, problem) = bench.problem(&Person(None), Method::PATCH, "/api/v1/about", None).await;
    assert_eq!((status, problem["code"].as_str().unwrap()), (405, "request.method"));
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_other_sites_out() {
    let bench = Bench::new().await;
    for path in ["/", "/healthz", "/api/v1/about", "/api/v1/nothing"] {
        let answer = bench.ask(&Person(None), Method::GET, path, None).await;
        let headers = answer.headers();
        assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'"), "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert!(headers.contains_key("x-request-id"), "{path}");
        assert!(!headers.contains_key("access-control-allow-origin"), "{path}");
    }
}

#[tokio::test]
async fn a_page_of_another_site_can_not_act_with_this_browsers_session() {
    let (bench, owner) = Bench::ready().await;
    let token = owner.0.clone().unwrap();
    let client = reqwest::Client::builder().build().unwrap();
    let off = |headers: &[(&'static str, String)]| {
        let url = format!("{}/api/v1/deployments/pump-7-bearing/mode", bench.url);
        let mut request = client.put(url).json(&json!({"mode": "off"}));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let cookie = ("cookie", bench.cookie(&token));
    let from = |origin: &str| ("origin", origin.to_owned());
    assert_eq!(off(&[cookie.clone(), from("http://evil.example")]).await, 403);
    assert_eq!(off(&[cookie.clone(), from("null")]).await, 403);
    assert_eq!(off(&[cookie.clone(), ("sec-fetch-site", "cross-site".into())]).await, 403);
    assert_eq!(off(std::slice::from_ref(&cookie)).await, 403);
    assert_eq!(off(&[cookie.clone(), ("host", "evil.example".into()), from("http://evil.example")]).await, 403);
    let mode = bench.get(&owner, "/api/v1/deployments/pump-7-bearing").await["deployment"]["mode"].clone();
    assert_eq!(mode, "advise");
    assert_eq!(off(&[cookie.clone(), ("sec-fetch-site", "same-origin".into())]).await, 200);
    // a program is no browser: its token does not travel by itself
    assert_eq!(off(&[("authorization", format!("Bearer {token}"))]).await, 200);
}

#[tokio::test]
async fn only_this_machine_is_listened_on() {
    for address in ["0.0.0.0:0", "192.0.2.1:80", "[::]:0"] {
        let problem = server::listen(address.parse().unwrap()).await.unwrap_err();
        assert_eq!(problem.code, "listen.not-loopback", "{address}");
    }
    let taken = server::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let again = server::listen(taken.local_addr().unwrap()).await.unwrap_err();
    assert_eq!(again.code, "listen.failed");
}

#[tokio::test]
async fn what_can_not_be_read_is_a_problem_in_words() {
    let (bench, owner) = Bench::ready().await;
    let wrong = |body: &'static str, kind: &'static str| {
        let request = bench.request(&owner, Method::POST, "/api/v1/devices/test").body(body);
        let request = request.header("content-type", kind);
        async move {
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            (status, answer.json::<serde_json::Value>().await.unwrap()["code"].as_str().unwrap().to_owned())
        }
    };
    assert_eq!(wrong("{", "application/json").await, (400, "request.malformed".into()));
    assert_eq!(wrong("{}", "text/plain").await, (415, "request.malformed".into()));
    assert_eq!(wrong("{}", "application/json").await, (422, "request.malformed".into()));
    let huge = bench.request(&owner, Method::POST, "/api/v1/devices/test").header("content-type", "application/json");
    let answer = huge.body(vec![b' '; 2 * 1024 * 1024]).send().await.unwrap();
    assert_eq!(answer.status(), 413);
    let (status, _) = bench.problem(&owner, Method::GET, "/api/v1/trend?tags=a", None).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn the_demonstrations_switches_ask_for_a_session() {
    let (bench, owner) = Bench::ready().await;
    let panel = bench.terminal(&owner, "line-2").await;
    let path = "/demo/faults/bearing-wear";
    assert_eq!(bench.ask(&Person(None), Method::POST, path, None).await.status(), 401);
    assert_eq!(bench.ask(&panel, Method::POST, path, None).await.status(), 403);
    assert_eq!(bench.ask(&owner, Method::POST, path, None).await.status(), 200);
    assert!(bench.get(&Person(None), "/api/v1/about").await["demo"].is_object());
}

#[tokio::test]
async fn metrics_are_prometheus_text_with_our_nouns() {
    let bench = Bench::new().await;
    let text = bench.ask(&Person(None), Method::GET, "/metrics", None).await.text().await.unwrap();
    assert!(text.contains("# TYPE lastmile_device_scans_late_total counter\n"), "{text}");
    assert!(text.contains("lastmile_device_scans_late_total{device=\"plc \\\"2\\\"\"} 3\n"), "{text}");
    assert!(text.contains("lastmile_live_clients 0\n"), "{text}");
}
