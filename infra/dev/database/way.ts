import type { Mongod } from './mongod';

/** Either somebody's running database, or a program to start one with. */
export type Found = { url: string } | { mongod: Mongod };

/** One way to a MongoDB. It gives what it found, or throws an error that says why not and what to do about it. */
export interface Way {
  name: string;
  find(): Promise<Found>;
}

/** A way that somebody asked for by name, and that doesn't work: no other one is tried behind their back. */
export class Refused extends Error {}
