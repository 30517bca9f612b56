/** The OpenAPI document of the API, written from its routes and schemas. */
import * as z from 'zod';
import { createDocument, type ZodOpenApiOperationObject } from 'zod-openapi';
import { problemCodes } from './problems.ts';
import { routes, type Route } from './routes.ts';
import { logLine, problem } from './schemas.ts';

/** OpenAPI 3.1, as JSON. */
export function openApiDocument(version: string): object {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const route of routes) (paths[`/api/v1${route.path}`] ??= {})[route.method] = operationOf(route);
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'task-runs',
      version,
      description: `Tasks and their runs: what ran, why a run failed or waits, what it printed; and run, cancel, suspend and prune. Every route needs a bearer token that the cluster accepts (TokenReview), and whose user has the rights listed with the route in the requested namespace (SubjectAccessReview). Where the controller has \`--api-audience\`, a token for that audience only reads: POST, and logs that are still in pods, answer ReadingToken. Errors carry one of these codes: ${Object.keys(problemCodes).join(', ')}.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            'A token of the cluster, for example from `kubectl create token`; with `--audience`, if the controller has one, it only reads.',
        },
      },
    },
  });
}

function operationOf({ id, summary, rights, params, query, body, answer, status }: Route): ZodOpenApiOperationObject {
  return {
    operationId: id,
    summary,
    description: `Rights: ${rights}.`,
    requestParams: { ...(params && { path: params }), ...(query && { query }) },
    ...(body && { requestBody: { content: { 'application/json': { schema: body } } } }),
    responses: {
      [String(status)]: {
        description: 'Done.',
        content: answer
          ? { 'application/json': { schema: answer } }
          : { 'application/x-ndjson': { schema: logLine }, 'text/plain': { schema: z.string() } },
      },
      default: {
        description: 'Refused or failed; the code says why.',
        content: { 'application/json': { schema: problem } },
      },
    },
  };
}
