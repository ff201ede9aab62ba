import { Random, type RandomGenerator } from './random';

/** The part of a method invocation that makes ids equal in the simulation and on the server. */
export interface RandomScope {
  randomSeed?: string | (() => string) | null;
  randomStream?: RandomStream | null;
}

/** Named sequences of random values that grow from one seed. */
export class RandomStream {
  private readonly seed: unknown;
  private readonly sequences = new Map<string, RandomGenerator>();

  constructor(options: { seed?: RandomScope['randomSeed'] }) {
    this.seed = options.seed || Random.hexString(20);
  }

  /** The sequence of that name in a scope; without a scope, unseeded values. */
  static get(scope: RandomScope | undefined | null, name = 'default'): RandomGenerator {
    if (!scope) return Random.insecure;
    scope.randomStream ??= new RandomStream({ seed: scope.randomSeed });
    return scope.randomStream.sequence(name);
  }

  private sequence(name: string): RandomGenerator {
    let sequence = this.sequences.get(name);
    if (!sequence) {
      sequence = Random.createWithSeeds(typeof this.seed === 'function' ? this.seed() : this.seed, name);
      this.sequences.set(name, sequence);
    }
    return sequence;
  }
}

/** The seed that a method called inside a method gets. */
export const makeRpcSeed = (invocation: RandomScope, methodName: string): string =>
  RandomStream.get(invocation, `/rpc/${methodName}`).hexString(20);
