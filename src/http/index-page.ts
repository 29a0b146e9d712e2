/** What `/` shows to a person: where the rest is. No script, no style, nothing from elsewhere. */
export function indexPage(version: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>pantheros</title>
</head>
<body>
<main>
<h1>pantheros</h1>
<ul>
<li><a href="/metrics">/metrics</a>: what is known about the backups of this host, for Prometheus</li>
<li><a href="/healthz">/healthz</a>: whether this server can read its ledger</li>
</ul>
<p>Version ${escapeHtml(version)}</p>
</main>
</body>
</html>
`;
}

/** Text as it may stand between tags and within quoted attributes. */
function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
