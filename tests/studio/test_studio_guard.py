"""Whoever is not the studio's own page is refused with a status of 4xx and one sentence."""

import pytest

from synthem.studio.guard import CSP, MOST_BYTES, TOKEN, names_of

GOOD = {"host": "127.0.0.1:8765"}


def refused(response, status):
    assert response.status_code == status
    sentence = response.json()["error"]
    assert sentence and "\n" not in sentence and "Traceback" not in sentence
    assert response.headers["content-security-policy"] == CSP


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8765", "", "127.0.0.1@evil.example", "[::1"]
)
def test_a_name_that_was_resolved_to_this_machine_opens_nothing(page, host):
    for path in ("/", "/api/about", "/static/main.js"):
        refused(page.get(path, headers={"host": host}), 403)


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:9000", "[::1]:8765", "LOCALHOST"])
def test_this_machine_may_be_called_by_its_own_names(page, host):
    assert page.get("/api/about", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1:1", "http://localhost:8765", "https://127.0.0.1"],
)
def test_another_page_may_not_send_requests(page, origin):
    refused(page.get("/api/about", headers={"origin": origin}), 403)


def test_the_own_page_may(page):
    assert page.get("/api/about", headers={"origin": "http://127.0.0.1:8765"}).status_code == 200
    refused(page.get("/api/about", headers={"sec-fetch-site": "cross-site"}), 403)
    assert page.get("/", headers={"sec-fetch-site": "cross-site"}).status_code == 200, "a link is followed"


@pytest.mark.parametrize("token", ["", "wrong", "ü" * 32])
def test_without_the_token_nothing_is_told(page, studio, token):
    refused(page.get("/api/about", headers={TOKEN: token.encode()}), 401)
    assert studio.token not in page.get("/").text
    refused(page.get(f"/api/about?token={studio.token}", headers={TOKEN: ""}), 401)


def test_what_is_too_long_is_refused_before_it_is_read(page):
    long = b"{" + b" " * MOST_BYTES + b"}"
    refused(page.post("/api/picture", content=long, headers={"content-type": "application/json"}), 413)

    def parts():
        for _ in range(20):
            yield b" " * (MOST_BYTES // 10)

    refused(page.post("/api/picture", content=parts(), headers={"content-type": "application/json"}), 413)


def test_a_form_of_another_page_is_no_request(page):
    refused(
        page.post("/api/picture", content=b"client=abcdefgh", headers={"content-type": "text/plain"}), 415
    )


def test_every_answer_has_the_headers(page):
    for path in ("/", "/static/style.css", "/api/about", "/api/nothing"):
        headers = page.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
        assert "set-cookie" not in headers and "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/api/picture", 405),
        ("DELETE", "/api/about", 405),
        ("GET", "/static/../app.py", 404),
        ("GET", "/static/%2e%2e/app.py", 404),
        ("GET", "/static//etc/passwd", 404),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(page, method, path, status):
    refused(page.request(method, path), status)


def test_a_host_that_is_everywhere_wants_a_number_or_its_own_name():
    known = names_of("0.0.0.0")
    assert known("192.168.1.7") and known("localhost")
    assert not known("evil.example")
    assert not names_of("127.0.0.1")("192.168.1.7")
