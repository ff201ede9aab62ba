import express from 'express';
import { expressApp, handlers, httpServer, onListening, rawHandlers } from '../webapp/http';
import { setInlineScriptsAllowed } from '../webapp/page';

/** `WebApp` as in Meteor 3, the part of it that is covered; `connectHandlers` are the older names. */
export const WebApp = {
  handlers,
  rawHandlers,
  connectHandlers: handlers,
  rawConnectHandlers: rawHandlers,
  expressApp,
  express,
  httpServer,
  onListening,
};

export const WebAppInternals = { setInlineScriptsAllowed };
