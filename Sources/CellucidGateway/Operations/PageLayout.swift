/// What the gateway's own pages have in common.
enum PageLayout {
    /// A whole document.
    /// - Parameters:
    ///   - body: the content of its body element.
    ///   - reloadSeconds: after how long the browser loads it again; `nil` for never.
    /// - Returns: HTML that needs nothing from elsewhere.
    static func document(_ body: String, reloadSeconds: Int? = nil) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        \(reloadSeconds.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">" } ?? "")
        <title>Cellucid gateway</title>
        <style>
        :root { color-scheme: light dark; --text: #1c2330; --soft: #5c6778; --line: #d9dee6; --back: #fff;
          --link: #1558b0; --ok: #1a7f37; --bad: #b42318; }
        @media (prefers-color-scheme: dark) { :root { --text: #e4e8ef; --soft: #98a3b5; --line: #313a48;
          --back: #14181f; --link: #7db4ff; --ok: #5fd07f; --bad: #ff8a7a; } }
        body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem; background: var(--back); color: var(--text);
          font: 16px/1.5 system-ui, sans-serif; }
        h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
        .lead { color: var(--soft); margin: .25rem 0 1.5rem; }
        table { border-collapse: collapse; width: 100%; }
        th, td { padding: .55rem 1.25rem .55rem 0; border-bottom: 1px solid var(--line); text-align: left;
          vertical-align: top; overflow-wrap: break-word; }
        th { color: var(--soft); font-weight: 600; font-size: .85rem; }
        .n, .ok, .bad { white-space: nowrap; }
        .n { text-align: right; font-variant-numeric: tabular-nums; }
        small { display: block; color: var(--soft); font-family: ui-monospace, monospace; font-size: .8rem; }
        a { color: var(--link); } .ok { color: var(--ok); } .bad { color: var(--bad); }
        footer { margin-top: 2.5rem; color: var(--soft); font-size: .85rem; }
        </style>
        </head>
        <body>
        \(body)</body>
        </html>

        """
    }

    /// `text` with the characters that mean something in HTML replaced.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
