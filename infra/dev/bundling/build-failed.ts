import { type BuildFailure, formatMessages } from 'esbuild';

/** The code does not build. Its message is esbuild's, with file and line of each error. */
export class BuildFailed extends Error {}

/** What a failed build has to say to a person. */
export async function said(failure: BuildFailure | Error): Promise<string> {
  if (!('errors' in failure)) return failure.message;
  const lines = await formatMessages(failure.errors, { kind: 'error', color: process.stdout.isTTY });
  return lines.join('').trimEnd();
}
