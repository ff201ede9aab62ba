/** An app with a page: what `meteor/webapp` has. */
import { Meteor } from 'meteor/meteor';
import { WebApp, WebAppInternals } from 'meteor/webapp';

if (Meteor.settings.strict) await WebAppInternals.setInlineScriptsAllowed(false);

WebApp.rawHandlers.use((_request, response, next) => {
  response.setHeader('X-Raw', 'yes');
  next();
});

Meteor.startup(() => {
  WebApp.handlers.get('/healthz', (_request, response) => {
    response.json({ ok: true });
  });
  WebApp.handlers.use('/api', (request, response) => {
    response.send(`${request.method} ${request.url}`);
  });
  WebApp.handlers.get('/asset', async (_request, response) => {
    const unknown = () => Assets.absoluteFilePath('../secret.txt');
    response.json({
      path: Assets.absoluteFilePath('data/words.txt'),
      text: await Assets.getTextAsync('data/words.txt'),
      bytes: [...(await Assets.getBinaryAsync('data/words.txt'))],
      unknown: await Promise.resolve()
        .then(unknown)
        .catch((error: Error) => error.message),
    });
  });
});
