/**
 * What the new changelog says and the old one doesn't, under its headings. Pure.
 *
 * @returns '' where there is nothing new.
 */
export function newEntries(before: string, after: string): string {
  const known = new Set(before.split('\n'));
  const entries: string[] = [];
  let headings: string[] = [];
  for (const line of after.split('\n')) {
    if (line.startsWith('## ')) headings = [line];
    else if (line.startsWith('### ')) headings = [...headings.filter(heading => heading.startsWith('## ')), line];
    else if (line.trim() !== '' && !known.has(line) && !line.startsWith('# ')) {
      entries.push(...headings, line);
      headings = [];
    }
  }
  return entries.join('\n');
}
