/** What `@types/meteor` lacks of Meteor 3. Both hosts have all of it; each line says what misses it. */
import type { Express } from 'express';
import type { CountDocumentsOptions, EstimatedDocumentCountOptions } from 'mongodb';

declare module 'meteor/meteor' {
  namespace Meteor {
    interface ErrorStatic {
      // `details` may be any value that travels, not only a string.
      new (error: string | number, reason?: string, details?: unknown): Error;
    }
    interface MethodThisType {
      // For ids that are equal in a method's simulation and on the server.
      randomSeed: string | null;
    }
    // The method call with options, without a callback.
    function applyAsync(name: string, args: readonly unknown[], options?: object): Promise<unknown>;
    // The page's connection; browser only.
    const connection: Connected;
    interface Connected {
      // Sent at once where its turn has come; the promises of `applyAsync` begin a moment later.
      apply(name: string, args: readonly unknown[], options: object, callback: (error?: unknown) => void): unknown;
      // The socket that reconnects by itself: texts of DDP, each way. A listener stays for good.
      readonly _stream: { send(text: string): void; on(event: 'message', listener: (text: string) => void): void };
    }
    // Every message of every session, before it is handled.
    function onMessage(callback: (message: Record<string, unknown>, session: unknown) => void): { stop(): void };
    // The DDP server of this process: raw sockets and sessions, for guards and figures.
    const server: DdpServer;

    interface DdpServer {
      // Silence (ms) before a ping, and how long its answer may take; for sessions that are still to come.
      // From 3.5 on: how long (ms) a connection that was lost may be taken up again, with its user and subscriptions.
      readonly options: { heartbeatInterval: number; heartbeatTimeout: number; disconnectGracePeriod?: number };
      readonly sessions: Map<string, { readonly id: string; readonly userId: string | null }>;
      readonly method_handlers: Record<string, (...args: never[]) => unknown>;
      readonly stream_server: {
        register(callback: (socket: RawSocket) => void): void;
        all_sockets(): RawSocket[];
      };
    }

    interface RawSocket {
      readonly headers: Record<string, string | string[] | undefined>;
      on(event: 'data', listener: (text: string) => void): unknown;
      on(event: 'close', listener: () => void): unknown;
      send(text: string): void;
      close(): void;
    }
  }
}

declare module 'meteor/mongo' {
  namespace Mongo {
    interface Cursor<T, U = T> {
      // Meteor 3's names for observing: they resolve when what is there now has been told.
      observeAsync(callbacks: ObserveCallbacks<U>): Promise<Meteor.LiveQueryHandle>;
      observeChangesAsync(
        callbacks: ObserveChangesCallbacks<T>,
        options?: { nonMutatingCallbacks?: boolean },
      ): Promise<Meteor.LiveQueryHandle>;
    }
    interface Collection<T, U = T> {
      // Counting without a cursor.
      countDocuments(selector?: Selector<T>, options?: CountDocumentsOptions): Promise<number>;
      estimatedDocumentCount(options?: EstimatedDocumentCountOptions): Promise<number>;
    }
    // The collection that was made with this name.
    function getCollection<T>(name: string): Collection<T> | undefined;
  }
  // Declared as a global there; it is imported.
  namespace MongoInternals {
    function defaultRemoteCollectionDriver(): {
      mongo: { db: import('mongodb').Db; client: import('mongodb').MongoClient };
    };
    const NpmModules: { mongodb: { version: string; module: typeof import('mongodb') } };
  }
}

declare module 'meteor/webapp' {
  namespace WebApp {
    // Meteor 3 serves by Express.
    const handlers: Express;
    const rawHandlers: Express;
    const expressApp: Express;
  }
}

declare module 'meteor/check' {
  namespace Match {
    // Patterns and the error class that are missing.
    function ObjectWithValues<T extends Pattern>(pattern: T): Matcher<Record<string, PatternMatch<T>>>;
    const NonEmptyString: Matcher<string>;
    // biome-ignore lint/suspicious/noShadowRestrictedNames: it is Meteor's name
    const Error: new (message: string) => global.Error & { path: string };
  }
}

declare module 'meteor/ddp' {
  namespace DDP {
    // Random values that a method's simulation and the server draw alike.
    function randomStream(name: string): { id(): string; hexString(digits: number): string };
    // What the running code is part of.
    const _CurrentMethodInvocation: { get(): Meteor.MethodThisType | undefined };
    interface DDPStatic {
      // Method calls as promises.
      callAsync(method: string, ...parameters: unknown[]): Promise<unknown>;
      applyAsync(method: string, parameters: readonly unknown[], options?: object): Promise<unknown>;
      close(): void;
    }
  }
}

declare module 'meteor/ddp-rate-limiter' {
  namespace DDPRateLimiter {
    // The message that a refused client gets.
    function setErrorMessage(message: string | ((result: { timeToReset: number }) => string)): void;
    function setErrorMessageOnRule(ruleId: string, message: string | ((r: { timeToReset: number }) => string)): void;
  }
}

declare module 'meteor/ejson' {
  namespace EJSON {
    // Any value that travels, not only objects.
    function stringify(value: unknown, options?: { indent?: boolean | number | string; canonical?: boolean }): string;
    function equals(a: unknown, b: unknown, options?: { keyOrderSensitive?: boolean }): boolean;
  }
}

declare global {
  namespace Assets {
    // Files of private/ as promises.
    function getTextAsync(path: string): Promise<string>;
    function getBinaryAsync(path: string): Promise<Uint8Array>;
  }
}

declare module 'meteor/ddp' {
  namespace DDP {
    // With each new connection of this side, before anything is sent again.
    function onReconnect(callback: (connection: import('meteor/meteor').Meteor.Connected) => void): { stop(): void };
  }
}

declare module 'meteor/accounts-base' {
  namespace Accounts {
    // Meteor 3's names.
    function addEmailAsync(userId: string, address: string, verified?: boolean): Promise<void>;
    function createUserVerifyingEmail(options: {
      username?: string;
      email?: string;
      password?: string;
    }): Promise<string>;
    // What everybody sees of the own user.
    function setDefaultPublishFields(fields: Record<string, 0 | 1>): void;
    // Five calls in ten seconds, of a connection.
    function addDefaultRateLimit(): void;
    function removeDefaultRateLimit(): boolean;
    // The token of the login that a browser keeps: a cookie carries it to what is no DDP.
    function _storedLoginToken(): string | null;
  }
}
