import { DDP } from 'meteor/ddp';
import { Meteor } from 'meteor/meteor';
import { useEffect, useState } from 'react';

const place = 'visitor';
const year = 365 * 24 * 60 * 60;

/**
 * The browser's own secret: it owns what is made here. Kept in localStorage for the methods and as a cookie for uploads
 * and downloads; other sites never get it sent along.
 */
export function visitorToken(): string {
  const token = localStorage.getItem(place) ?? newToken();
  localStorage.setItem(place, token);
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere yet.
  document.cookie = `${place}=${token}; Path=/; Max-Age=${year}; SameSite=Strict${secure}`;
  return token;
}

function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Says who we are with each new connection, before anything that was asked for while there was none. True once the server
 * has heard it for the first time.
 */
export function useVisitor(): boolean {
  const [entered, setEntered] = useState(false);
  useEffect(() => {
    const heard = (error?: unknown) => (error ? console.error('visitors.enter', error) : setEntered(true));
    // Alone: what is asked for later waits for its end.
    const enter = (connection: Meteor.Connected) =>
      connection.apply('visitors.enter', [visitorToken()], { wait: true }, heard);
    const handle = DDP.onReconnect(enter);
    if (Meteor.status().connected) enter(Meteor.connection);
    return () => handle.stop();
  }, []);
  return entered;
}
