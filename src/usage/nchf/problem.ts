/** How online charging says no: ProblemDetails with a cause, by TS 29.500 §5.2.7 and TS 32.291 §6.1.7. */

/** Causes of TS 29.500 Table 5.2.7.2-1, then the application's own of TS 32.291 Table 6.1.7.3-1. */
const causes = {
  INVALID_MSG_FORMAT: [400, 'The body is not JSON'],
  MANDATORY_IE_MISSING: [400, 'A mandatory attribute is missing'],
  MANDATORY_IE_INCORRECT: [400, 'A mandatory attribute is not as specified'],
  OPTIONAL_IE_INCORRECT: [400, 'An attribute is not as specified'],
  RESOURCE_URI_STRUCTURE_NOT_FOUND: [404, 'There is nothing at this address'],
  CONTEXT_NOT_FOUND: [404, 'There is no such charging session, or it was released'],
  METHOD_NOT_ALLOWED: [405, 'This resource does not take this method'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'The body must be application/json'],
  PAYLOAD_TOO_LARGE: [413, 'The body is too large'],
  SYSTEM_FAILURE: [500, 'Something went wrong here. The same request, sent again, is charged once'],
  NF_CONGESTION: [503, 'Too many requests are waiting. Send the request again'],
  CHARGING_FAILED: [400, 'The request can’t be charged as it stands'],
  END_USER_REQUEST_DENIED: [403, 'The line may not use this service'],
  END_USER_REQUEST_REJECTED: [403, 'The line has too many open sessions'],
  QUOTA_LIMIT_REACHED: [403, 'Nothing is left to pay this with'],
  USER_UNKNOWN: [404, 'The subscriber is not known here'],
} as const satisfies Record<string, readonly [number, string]>

export type Cause = keyof typeof causes

export type InvalidParam = { param: string; reason: string }

export type NchfProblem = {
  title: string
  status: number
  cause: Cause
  detail?: string
  invalidParams?: InvalidParam[]
}

export function problem(
  cause: Cause,
  { detail, invalidParams }: Pick<NchfProblem, 'detail' | 'invalidParams'> = {},
): NchfProblem {
  const [status, title] = causes[cause]
  return {
    title,
    status,
    cause,
    ...(detail !== undefined && { detail }),
    ...(invalidParams !== undefined && { invalidParams }),
  }
}

export function isProblem(answer: object): answer is NchfProblem {
  return 'cause' in answer
}
