import Bytes
import HTTP
import Server

/// The kinds of answer that the gateway itself makes.
extension Exchange {
    /// A JSON document that is made anew whenever it is asked for: `application/json` and no charset, as later
    /// builds of the viewer insist on.
    func answer(json document: [UInt8], status: Status = .ok) {
        response.status = status
        response.fields.add("Content-Type", "application/json")
        response.fields.add("Cache-Control", "no-store")
        addOwnFields()
        response.body = .bytes(document)
    }

    /// A short text for a person.
    func answer(_ status: Status, _ text: String) {
        response.status = status
        response.fields.add("Cache-Control", "no-store")
        addOwnFields()
        response.setText(text + "\n")
    }

    /// An HTML page that needs nothing from elsewhere.
    func answer(html page: String, status: Status = .ok) {
        response.status = status
        response.fields.add("Content-Type", "text/html; charset=utf-8")
        response.fields.add("Cache-Control", "no-store")
        response.fields.add(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"
        )
        response.fields.add("Referrer-Policy", "same-origin")
        response.fields.add("X-Content-Type-Options", "nosniff")
        addOwnFields()
        response.body = .bytes(Array(page.utf8))
    }

    /// Asks for a bearer token (RFC 6750 section 3).
    func answerUnauthorized(_ text: String) {
        response.fields.add("WWW-Authenticate", "Bearer")
        answer(.unauthorized, text)
    }

    /// A redirect.
    /// - Parameters:
    ///   - status: a status of redirection.
    ///   - location: an absolute path, percent-encoded.
    func answer(_ status: Status, redirectTo location: [UInt8]) {
        response.status = status
        response.fields.add("Location", location.span)
        response.fields.add("Cache-Control", "no-store")
        addOwnFields()
    }

    /// Refuses a method; `allowed` are those that the URL has.
    func answerMethodNotAllowed(_ allowed: String = "GET, HEAD, OPTIONS") {
        let request = request
        response.fields.add("Allow", allowed)
        answer(
            .methodNotAllowed,
            "\(request.methodName.text()) is not possible here; allowed: \(allowed)"
        )
    }

    /// Adds the fields that every answer of the gateway itself has.
    func addOwnFields() {
        response.fields.add(block: CrossOrigin.fixedBlock)
        CrossOrigin.addFields(for: request, to: response.fields)
    }
}
