# Either role from one Meteor bundle: the settings say which. Build: docker build -t tandem .
# Run: docker run -e METEOR_SETTINGS="$(cat settings-web.json)" -e MONGO_URL=… -e ROOT_URL=… -p 3000:3000 tandem

FROM debian:12-slim AS build
# A download that fails must not pass for an empty script.
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl git g++ make python3 \
  && rm -rf /var/lib/apt/lists/*
# Made beforehand: not every builder gives a WORKDIR to the USER.
RUN useradd --create-home builder && install --directory --owner builder --group builder /home/builder/app/.meteor \
  && chown builder:builder /home/builder/app
USER builder
WORKDIR /home/builder/app
COPY --chown=builder .meteor/release .meteor/release
# The tool is a layer of its own: it changes with the release, not with the app.
RUN release=$(sed 's/METEOR@//' .meteor/release) && curl -fsS "https://install.meteor.com/?release=$release" | sh
ENV PATH="/home/builder/.meteor:$PATH"
COPY --chown=builder package.json package-lock.json ./
# Scripts are run below, when the sources are there: the worker file is built from them.
RUN meteor npm ci --ignore-scripts
COPY --chown=builder . .
ARG COMMIT=unknown
ENV METEOR_GIT_COMMIT_HASH=$COMMIT
RUN meteor npm run build:worker \
  && meteor build /home/builder/out --directory --server-only \
  && (cd /home/builder/out/bundle/programs/server && meteor npm install --omit=dev) \
  # The bundle runs on the Node that the tool brings, so that the two always fit.
  && cp "$(meteor node -p process.execPath)" /home/builder/out/node

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates tini \
  && rm -rf /var/lib/apt/lists/* && useradd --create-home app
COPY --from=build /home/builder/out/node /usr/local/bin/node
COPY --from=build --chown=app /home/builder/out/bundle /app
USER app
WORKDIR /app
ENV NODE_ENV=production PORT=3000
EXPOSE 3000
# /healthz answers 503 while a role starts, drains or has lost its database.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD node -e "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"
ENTRYPOINT ["tini", "--"]
CMD ["node", "main.js"]
