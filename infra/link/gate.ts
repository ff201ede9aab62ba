import { isNonce, isProof, makeNonce, prove } from './proof';

/** How long a challenge may wait for its answer. */
const challengeLifeMs = 30_000;

interface Challenge {
  nonce: string;
  askedAt: number;
}

export type Admission = { admitted: true; proof: string } | { admitted: false; reason: string };

/**
 * Decides which connections are the link. A challenge belongs to the connection that asked for it, is answered once,
 * and soon: what was overheard or kept opens nothing.
 */
export class Gate {
  private readonly challenges = new Map<string, Challenge>();
  private readonly admitted = new Set<string>();

  constructor(
    private readonly secret: string,
    private readonly now: () => number = Date.now,
  ) {}

  challenge(connectionId: string): string {
    const nonce = makeNonce();
    this.challenges.set(connectionId, { nonce, askedAt: this.now() });
    return nonce;
  }

  /**
   * @param proof the answer to this connection's challenge.
   * @param question the other side's own nonce; its answer is in the admission, so that both know the secret.
   */
  admit(connectionId: string, proof: unknown, question: unknown): Admission {
    const challenge = this.challenges.get(connectionId);
    this.challenges.delete(connectionId);
    if (!challenge) return { admitted: false, reason: 'no challenge is open on this connection' };
    if (this.now() - challenge.askedAt > challengeLifeMs)
      return { admitted: false, reason: 'the challenge is too old' };
    if (!isNonce(question)) return { admitted: false, reason: 'the question is not 64 hexadecimal digits' };
    if (!isProof(proof, this.secret, 'web', challenge.nonce)) return { admitted: false, reason: 'the secret is wrong' };
    this.admitted.add(connectionId);
    return { admitted: true, proof: prove(this.secret, 'jobs', question) };
  }

  isAdmitted(connectionId: string | undefined): boolean {
    return connectionId !== undefined && this.admitted.has(connectionId);
  }

  forget(connectionId: string): void {
    this.challenges.delete(connectionId);
    this.admitted.delete(connectionId);
  }

  /** How many links are up. */
  get size(): number {
    return this.admitted.size;
  }
}
