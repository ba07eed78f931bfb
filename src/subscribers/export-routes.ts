/** Everything about a subscriber, taken along. */
import type { App } from '../platform/app.ts'
import type { Http } from '../platform/http.ts'

export function registerExportRoutes(_http: Http, _app: App) {}
