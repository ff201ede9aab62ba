/** One message, parsed. */
export interface Message {
  msg?: string;
  id?: string;
  [field: string]: unknown;
}

export interface Step {
  /** Which client speaks; `a` where nothing is said. */
  client?: string;
  send?: (Message | string)[];
  /** What must have arrived before the next step. */
  until?: Message[];
  /** The speaker's connection ends. */
  closed?: boolean;
  /** Those of these other clients end. */
  closes?: string[];
  /** How long (ms) to listen on after that. */
  settle?: number;
  /** Milliseconds before anything is sent. */
  wait?: number;
  /** How long (ms) that may take. */
  timeout?: number;
  /** Parts of results, by the method's id and the path within: `<<name>>` stands for them in what is sent later. */
  remember?: Record<string, [method: string, path: string]>;
  /** Compares the very messages of the loose collections, too. */
  exact?: boolean;
}

/** A conversation as it was recorded. */
export interface Scenario {
  name: string;
  steps: Step[];
  received: unknown[];
  /** Whether people log in: then what a server makes up for them is told apart by its order only. */
  accounts?: boolean;
  /** Collections of which only what a client holds after each step is compared. */
  loose?: string[];
}
