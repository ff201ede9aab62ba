/** DDP clients that others wrote bring no types: what the tests use of them. */
declare module 'simpleddp' {
  interface Subscription {
    ready(): Promise<void>;
    stop(): Promise<void>;
  }
  export default class SimpleDDP {
    constructor(options: { endpoint: string; SocketConstructor: unknown; reconnectInterval?: number });
    readonly connected: boolean;
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    call(method: string, ...parameters: unknown[]): Promise<unknown>;
    subscribe(name: string, ...parameters: unknown[]): Subscription;
    collection<T>(name: string): { fetch(): T[] };
  }
}

declare module 'ddp.js' {
  export default class DDP {
    constructor(options: { endpoint: string; SocketConstructor: unknown; reconnectInterval?: number });
    readonly status: 'connected' | 'disconnected';
    method(name: string, parameters: unknown[]): string;
    sub(name: string, parameters: unknown[]): string;
    unsub(id: string): string;
    on(event: string, listener: (message: Record<string, unknown>) => void): void;
    disconnect(): void;
  }
}
