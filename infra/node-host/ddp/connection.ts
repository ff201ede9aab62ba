/** What methods, publications and `Meteor.onConnection` see of a session. */
export interface Connection {
  readonly id: string;
  readonly clientAddress: string | null;
  readonly httpHeaders: Record<string, string | string[] | undefined>;
  close(): void;
  onClose(callback: () => unknown): void;
}
