/** Puts the features together: which routes, jobs and sweeps the platform has. */
export const allQueues: readonly string[] = []
