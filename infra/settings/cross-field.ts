import { printable } from './problems';
import { type Settings, singleOperator } from './schema';
import type { Tree } from './setting';
import { entriesOf } from './simpl-schema';

/** Problems that no single field shows: how the settings fit together. One line for each problem. */
export function problemsAcrossFields(settings: Settings, tree: Tree): string[] {
  const secrets = secretsOf(settings, tree);
  return [
    ...heartbeat(settings),
    ...linkUrls(settings, tree),
    ...workerEnvironment(settings),
    ...workerTaskTypes(settings),
    ...paddedSecrets(secrets),
    ...secretsInPublic(settings, secrets),
    ...operators(settings),
  ];
}

function heartbeat({ queue }: Settings): string[] {
  if (queue.heartbeatMs * 3 <= queue.leaseMs) return [];
  return [
    `queue.heartbeatMs: ${queue.heartbeatMs} is above a third of queue.leaseMs (${queue.leaseMs}): a late heartbeat would lose running tasks`,
  ];
}

function linkUrls({ link }: Settings, tree: Tree): string[] {
  return link.url.flatMap(url => {
    if (hasPassword(url))
      return ['link.url: holds a name or a password, and the log shows it; link.secret is the proof'];
    if (isWebUrl(url)) return [];
    return [`link.url: ${printable('link.url', url, tree)} is not a URL that begins with http:// or https://`];
  });
}

const hasPassword = (url: string) => /\/\/[^/]*@/.test(url);

function isWebUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

/** Names that a shell can set, except the variable with every secret of the role. */
function workerEnvironment({ workers }: Settings): string[] {
  return workers.env.flatMap(name => {
    if (name === 'METEOR_SETTINGS')
      return [
        'workers.env: METEOR_SETTINGS holds every secret of the role; mark a group of imports/settings.ts with forHandlers',
      ];
    return /^[A-Za-z_]\w*$/.test(name)
      ? []
      : [`workers.env: ${JSON.stringify(name)} is not the name of an environment variable`];
  });
}

function workerTaskTypes({ workers }: Settings): string[] {
  if (workers.taskTypes.length === 0 || workers.exceptTaskTypes.length === 0) return [];
  return ['workers.exceptTaskTypes: set beside workers.taskTypes, which says it all: keep one of the two'];
}

interface Secret {
  path: string;
  value: string;
}

/** Every secret that is set, with its name. */
function secretsOf(settings: Settings, tree: Tree): Secret[] {
  return entriesOf(tree).flatMap(({ setting, path }) => {
    if (setting.secret && setting.rule.type === String) return texts(path, valuesAt(settings, path));
    const hidden = Object.entries(setting.fields ?? {}).flatMap(([name, field]) => (field.secret ? [name] : []));
    if (hidden.length === 0) return [];
    return valuesAt(settings, path).flatMap((record, index) =>
      hidden.flatMap(name => texts(`${path}.${index}.${name}`, [(record as Record<string, unknown>)[name]])),
    );
  });
}

function valuesAt(settings: Settings, path: string): unknown[] {
  const value = path.split('.').reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], settings);
  return [value].flat();
}

function texts(path: string, values: unknown[]): Secret[] {
  return values.flatMap(value => (typeof value === 'string' ? [{ path, value }] : []));
}

/** Two of one name could not be told apart in the audit, and two of one token not at all. */
function operators({ console: { operators: list, operatorToken } }: Settings): string[] {
  const names = list.map(({ name }) => name);
  return list.flatMap(({ name, token }, index) => {
    const path = `console.operators.${index}`;
    const isTaken = operatorToken.includes(token) || list.findIndex(other => other.token === token) < index;
    return [
      ...(names.indexOf(name) < index ? [`${path}.name: ${JSON.stringify(name)} is the name of another operator`] : []),
      ...(name === singleOperator && operatorToken.length > 0
        ? [`${path}.name: ${JSON.stringify(name)} is what the holder of console.operatorToken is called; take another`]
        : []),
      ...(isTaken ? [`${path}.token: (secret) is somebody else's as well; make one for each operator`] : []),
    ];
  });
}

/** Pasting drops the spaces around a secret, and the pasted secret is then refused. */
function paddedSecrets(secrets: Secret[]): string[] {
  return secrets
    .filter(({ value }) => value.trim() !== value)
    .map(({ path }) => `${path}: (secret) begins or ends with a space`);
}

function secretsInPublic(settings: Settings, secrets: Secret[]): string[] {
  const sent = JSON.stringify(settings.public);
  return secrets
    .filter(({ value }) => sent.includes(JSON.stringify(value).slice(1, -1)))
    .map(({ path }) => `public: holds the value of ${path}, and every browser receives it`);
}
