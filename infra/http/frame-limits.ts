import { Meteor } from 'meteor/meteor';

/** What SockJS hands to Meteor's parser of frames with each new connection. */
interface FrameOptions {
  maxLength?: number;
  extensions?: unknown[];
}

/**
 * Has frames refused that announce more than a message may have: unfinished ones would pile up. Compressed ones are not
 * agreed on, because Meteor unpacks them whole: a megabyte can hold a gigabyte. SERVER_WEBSOCKET_COMPRESSION insists.
 */
export function limitFrames(messageBytes: number): void {
  const { server } = Meteor.server.stream_server as { server?: { options?: { faye_server_options?: FrameOptions } } };
  const frames = server?.options?.faye_server_options;
  if (!frames) return;
  frames.maxLength = messageBytes;
  if (!process.env.SERVER_WEBSOCKET_COMPRESSION) frames.extensions = [];
}
