/**
 * Reads the part of YAML that our manifests are written in: maps and lists by indentation, plain and quoted scalars,
 * comments, several documents. No parser of YAML is among the project's own dependencies.
 *
 * @throws with the line that it can't read.
 */
export function parseYaml(text: string): unknown[] {
  return text
    .split(/^---$/m)
    .map(part => new Reader(part).read())
    .filter(value => value !== undefined);
}

interface Line {
  number: number;
  indent: number;
  text: string;
}

class Reader {
  private readonly lines: Line[];
  private at = 0;

  constructor(text: string) {
    this.lines = text.split('\n').flatMap((line, index) => {
      const bare = line.replace(/(^|\s)#.*$/, '').trimEnd();
      if (bare === '') return [];
      if (/^\s*\t/.test(bare)) throw new Error(`line ${index + 1}: a tab`);
      return [{ number: index + 1, indent: bare.search(/\S/), text: bare.trim() }];
    });
  }

  read(): unknown {
    const [first] = this.lines;
    if (!first) return undefined;
    const value = this.block(first.indent);
    const left = this.lines[this.at];
    if (left) throw new Error(`line ${left.number}: ${left.text}: not in line with what is above it`);
    return value;
  }

  private block(indent: number): unknown {
    return this.lines[this.at]!.text.startsWith('- ') ? this.list(indent) : this.map(indent);
  }

  private list(indent: number): unknown[] {
    const items: unknown[] = [];
    for (
      let line = this.lines[this.at];
      line?.indent === indent && line.text.startsWith('- ');
      line = this.lines[this.at]
    ) {
      const rest = line.text.slice(2).trimStart();
      const inner = indent + line.text.length - rest.length;
      if (!/^[\w./-]+:( |$)/.test(rest)) {
        items.push(scalar(rest, line));
        this.at += 1;
      } else {
        this.lines[this.at] = { ...line, indent: inner, text: rest };
        items.push(this.map(inner));
      }
    }
    return items;
  }

  private map(indent: number): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (let line = this.lines[this.at]; line?.indent === indent; line = this.lines[this.at]) {
      const [, key, rest] = /^([\w./-]+):(?: (.*))?$/.exec(line.text) ?? [];
      if (key === undefined) throw new Error(`line ${line.number}: ${line.text}: neither a key nor an item`);
      if (key in value) throw new Error(`line ${line.number}: ${key}: twice`);
      this.at += 1;
      value[key] = rest === undefined ? this.below(line) : scalar(rest, line);
    }
    return value;
  }

  private below(parent: Line): unknown {
    const next = this.lines[this.at];
    const isList = next?.text.startsWith('- ') && next.indent >= parent.indent;
    if (!next || (next.indent <= parent.indent && !isList))
      throw new Error(`line ${parent.number}: ${parent.text}: empty`);
    return this.block(next.indent);
  }
}

function scalar(text: string, { number }: Line): unknown {
  if (/^".*"$/.test(text)) return JSON.parse(text);
  if (/^(true|false)$/.test(text)) return text === 'true';
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (/^["'&*!|>%@`[{]/.test(text) || /: /.test(text)) throw new Error(`line ${number}: ${text}: must be quoted`);
  return text;
}
