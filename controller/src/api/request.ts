/** Checks a request against its route's schemas. */
import type { Request } from 'express';
import type { z } from 'zod';
import { ApiProblem } from './problems.ts';
import type { Asked, Route } from './routes.ts';

/** @throws ApiProblem InvalidRequest, which names the first wrong field */
export function readRequest({ params, query, body }: Route, request: Request): Asked<never, never, never> {
  return {
    path: check(params, request.params, 'the path'),
    query: check(query?.strict(), request.query, 'the query'),
    // A request without a body means an empty one.
    body: check(body, (request.body as unknown) ?? {}, 'the body'),
  };
}

function check(schema: z.ZodType | undefined, value: unknown, where: string): never {
  if (schema === undefined) return undefined as never;
  const { success, data, error } = schema.safeParse(value);
  if (success) return data as never;
  throw refusal(error.issues[0], where);
}

function refusal(issue: z.core.$ZodIssue | undefined, where: string): ApiProblem {
  const at = issue?.path.join('.') ?? '';
  const place = at === '' ? where : `${where}, ${at}`;
  if (issue?.code === 'unrecognized_keys')
    return new ApiProblem(
      'InvalidRequest',
      `${place}: unknown field ${issue.keys.join(', ')}; see /api/v1/openapi.json`,
      { field: issue.keys[0] },
    );
  return new ApiProblem('InvalidRequest', `${place}: ${issue?.message ?? 'invalid'}`, {
    field: at === '' ? undefined : at,
  });
}

/**
 * The token that a request carries. `X-Task-Runs-Token` is for requests through the cluster's API server proxy, which
 * does not forward `Authorization`.
 */
export function tokenOf(request: Request): string | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const passed = request.headers['x-task-runs-token'];
  return bearer ?? (typeof passed === 'string' ? passed : undefined);
}
