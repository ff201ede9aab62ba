import { type Changes, diff } from './diff';
import type { Document } from './selector';

/** What a cursor asks for, compiled. */
export interface Plan {
  matches(document: Document): boolean;
  /** Sort, skip and limit. */
  arrange(documents: Document[]): Document[];
  /** The wanted fields; the same result for the same document. */
  project(document: Document): Document;
}

/** Documents that queries may be run on and kept up to date with. */
export interface Source {
  all(): Iterable<Document>;
  /** @returns the query, live until `stop` */
  observe(plan: Plan, changes: Changes): { query: LiveQuery; stop: () => void };
}

/** The result of a query that is kept up to date, and who hears of its changes. */
export class LiveQuery {
  private results: Document[];

  constructor(
    private readonly plan: Plan,
    documents: Iterable<Document>,
    private readonly changes: Changes,
  ) {
    this.results = run(plan, documents);
  }

  get documents(): readonly Document[] {
    return this.results;
  }

  /** @param versions of a document, before and after */
  isAffectedBy(versions: (Document | undefined)[]): boolean {
    return versions.some(document => document && this.plan.matches(document));
  }

  /** @returns a function that tells the changes, or undefined where there are none to be told */
  refresh(documents: Iterable<Document>): (() => void) | undefined {
    const previous = this.results;
    const next = run(this.plan, documents);
    this.results = next;
    const isSame = next.length === previous.length && next.every((document, index) => document === previous[index]);
    return isSame ? undefined : () => diff(previous, next, this.changes);
  }
}

/** @returns what `plan` selects, its fields only */
export function run(plan: Plan, documents: Iterable<Document>): Document[] {
  const matching: Document[] = [];
  for (const document of documents) if (plan.matches(document)) matching.push(document);
  return plan.arrange(matching).map(plan.project);
}
