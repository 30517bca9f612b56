import { ApiProblem } from './problems.ts';

/** @throws ApiProblem ArchiveUnavailable if the database fails */
export async function fromArchive<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiProblem) throw error;
    throw new ApiProblem(
      'ArchiveUnavailable',
      'the archive cannot be reached now, and without it the answer would be wrong: try again',
      { cause: error },
    );
  }
}
