import { clientFile } from './client-files';
import { runtimeConfigScript } from './runtime-config';

let inlineScriptsAllowed = true;

/** Without inline scripts a strict Content-Security-Policy can be set; the configuration then is a file of its own. */
export async function setInlineScriptsAllowed(allowed: boolean): Promise<void> {
  inlineScriptsAllowed = allowed;
}

/** The page, around the head and body of client/main.html. */
export async function page(): Promise<string> {
  const [html, script, style] = await Promise.all(['main.html', 'main.js', 'main.css'].map(clientFile));
  const text = html?.text ?? '';
  return [
    '<!DOCTYPE html>',
    `<html${part(text, /<html([^>]*)>/i)}>`,
    '<head>',
    '<meta charset="utf-8">',
    style ? `<link rel="stylesheet" type="text/css" class="__meteor-css__" href="/main.css?hash=${style.hash}">` : '',
    part(text, /<head[^>]*>([\s\S]*?)<\/head>/i).trim(),
    '</head>',
    `<body${part(text, /<body([^>]*)>/i)}>`,
    part(text, /<body[^>]*>([\s\S]*?)<\/body>/i).trim(),
    configElement(),
    script ? `<script type="module" src="/main.js?hash=${script.hash}"></script>` : '',
    '</body>',
    '</html>',
    '',
  ]
    .filter(line => line !== '')
    .join('\n');
}

const configElement = (): string =>
  inlineScriptsAllowed
    ? `<script type="text/javascript">${runtimeConfigScript()}</script>`
    : '<script type="text/javascript" src="/meteor_runtime_config.js"></script>';

const part = (html: string, pattern: RegExp): string => pattern.exec(html)?.[1] ?? '';
