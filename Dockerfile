# The image of tandem-server: a build stage with the compiler, and a runtime of Node on Debian with
# redis-cli. It can stand where the image of redis stands: user 999, data in /data, port 6379, the
# names redis-server and redis-cli. test/unit/image.test.ts holds what can be held without an engine.

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
RUN npm run build
RUN npm prune --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
# The numbers are a promise: volumes and charts rely on them. Before any package takes them.
RUN groupadd --system --gid 999 tandem \
 && useradd --system --uid 999 --gid tandem --home-dir /data --no-create-home tandem
RUN apt-get update \
 && apt-get install --yes --no-install-recommends redis-tools \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/tandem
COPY package.json LICENSE ./
COPY bin ./bin
COPY conf ./conf
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist/src ./dist/src
COPY scripts/docker-entrypoint.sh scripts/docker-healthcheck.sh /usr/local/bin/
# Compose files, health checks and charts call the server by the name of redis.
RUN ln -s /opt/tandem/bin/tandem-server /usr/local/bin/tandem-server \
 && ln -s /opt/tandem/bin/tandem-server /usr/local/bin/redis-server \
 && mkdir /data && chown tandem:tandem /data
ENV NODE_ENV=production
# A container is reached over its own network by definition. A configuration file may say otherwise.
ENV TANDEM_DEFAULTS="protected-mode no"
VOLUME /data
WORKDIR /data
EXPOSE 6379
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["docker-healthcheck.sh"]
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["tandem-server"]
