import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { settings } from '../boot/settings';
import { developmentElement } from './development';
import type { PageState } from './development-page';

let inlineScriptsAllowed = true;

/**
 * Without inline scripts an app can set a strict Content-Security-Policy; the configuration is then a separate file.
 */
export async function setInlineScriptsAllowed(allowed: boolean): Promise<void> {
  inlineScriptsAllowed = allowed;
}

/** The page, around the head and body of client/main.html. */
export async function page(): Promise<string> {
  const [html, script, style] = await clientFiles();
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
    developmentElement(stateOf([html, script, style])),
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

const clientFiles = () => Promise.all(['main.html', 'main.js', 'main.css'].map(clientFile));

/** The files of the page as they are now. */
export async function pageState(): Promise<PageState> {
  return stateOf(await clientFiles());
}

function stateOf([html, script, style]: (ClientFile | undefined)[]): PageState {
  return { page: `${html?.hash}-${script?.hash}`, style: style?.hash ?? '' };
}

const configElement = (): string =>
  inlineScriptsAllowed
    ? `<script type="text/javascript">${runtimeConfigScript()}</script>`
    : '<script type="text/javascript" src="/meteor_runtime_config.js"></script>';

const part = (html: string, pattern: RegExp): string => pattern.exec(html)?.[1] ?? '';

/** The name of this host, at the place of Meteor's release. */
export const release = 'tandem-node-host';

/**
 * The configuration of the page. Of the settings it has only `public`; each page reads it again, since it may change.
 */
const runtimeConfig = () => ({
  meteorRelease: release,
  meteorEnv: { NODE_ENV: process.env.NODE_ENV ?? 'development' },
  ROOT_URL: process.env.ROOT_URL,
  ROOT_URL_PATH_PREFIX: '',
  PUBLIC_SETTINGS: settings.public,
});

/** JSON that can stand in a script: no `<` or `>` in it ends the element. */
const encoded = (): string => JSON.stringify(encodeURIComponent(JSON.stringify(runtimeConfig())));

export const runtimeConfigScript = (): string =>
  `__meteor_runtime_config__ = JSON.parse(decodeURIComponent(${encoded()}))`;

/** The folder of the browser's bundle: main.js, main.css, main.html. */
export const clientFolder = (): string => resolve(process.env.TANDEM_CLIENT_DIR ?? '.local/build/client');

export interface ClientFile {
  changedAt: number;
  text: string;
  hash: string;
}

const known = new Map<string, ClientFile>();

/** A file of the bundle, read again when it has changed: a new browser bundle needs no new server. */
export async function clientFile(name: string): Promise<ClientFile | undefined> {
  const path = resolve(clientFolder(), name);
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  const cached = known.get(path);
  if (cached?.changedAt === found.mtimeMs) return cached;
  const text = await readFile(path, 'utf8');
  const file = { changedAt: found.mtimeMs, text, hash: createHash('sha1').update(text).digest('hex') };
  known.set(path, file);
  return file;
}
