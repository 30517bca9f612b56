# The image of `make image`, for machines without apt: `make image ENGINE=docker`. Node, the libraries that it needs, and
# files of ours. No shell, no package manager.
FROM node:26-bookworm-slim AS node
# What the loader lists, so that a library that a newer Node needs is not forgotten.
RUN ldd /usr/local/bin/node | grep -o '/[^ ]*' | sort -u > /libraries \
 && for file in /usr/local/bin/node $(cat /libraries) /etc/os-release; do \
      mkdir -p "/image$(dirname "$file")" && cp -L "$file" "/image$file" || exit 1; \
    done \
 && echo 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin' > /image/etc/passwd \
 && echo 'nonroot:x:65532:' > /image/etc/group \
 && echo 'hosts: files dns' > /image/etc/nsswitch.conf

FROM scratch
COPY --from=node /image /
# .mjs says that it is a module, which a package.json would say otherwise.
COPY dist/controller/main.js /app/main.mjs
# Read only where traces are sent.
COPY dist/controller/traces.mjs /app/traces.mjs
# SQLite's thread, for an archive in a file.
COPY dist/controller/sqlite-worker.mjs /app/sqlite-worker.mjs
COPY dist/console /app/console
# One arena for all threads: glibc's arenas kept 10 MB that nothing used.
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
# A number, so that runAsNonRoot can tell.
USER 65532:65532
EXPOSE 8080 8090
# Garbage is collected early: beside 10,000 kept runs that is 157 MB instead of 217, for a start that takes 2.1 s, not 1.7.
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=4", "--heap-growing-percent=30", "/app/main.mjs"]
