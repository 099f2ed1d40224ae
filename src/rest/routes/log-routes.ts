import { gql, type Route } from '../route.js';

const BATCH = `lines {
  timestamp replica stream message cursor
  level @include(if: $full) fields @include(if: $full) raw @include(if: $full) cut @include(if: $full) deploymentId @include(if: $full)
} dropped gap cursor`;

/** The log lines of a service. */
export const LOG_ROUTES: readonly Route[] = [
  {
    method: 'GET', path: '/api/services/:id/logs', tag: 'Services', needsCluster: true,
    summary: 'Log lines of all its containers: a list (with `full=true` also level, fields, raw, cut and deploymentId of each), plain text (`Accept: text/plain`; with `full=true` in colours), or with `follow=true` a stream (NDJSON, or SSE with `Accept: text/event-stream`)',
    operation: gql`query serviceLogs($serviceId: ID!, $filter: LogFilterInput, $tail: Int, $since: DateTimeISO, $after: String, $previous: Boolean, $full: Boolean = false) {
      serviceLogs(serviceId: $serviceId, filter: $filter, tail: $tail, since: $since, after: $after, previous: $previous) { ${BATCH} }
    }`,
    params: { id: 'serviceId' },
    query: { tail: 'tail', since: 'since', after: 'after', previous: 'previous', replica: 'filter.replica', text: 'filter.text', regex: 'filter.regex', level: 'filter.level', stream: 'filter.stream', deployment: 'filter.deploymentId', full: 'full' },
    answer: ['serviceLogs', 'lines'],
    follow: {
      operation: gql`subscription followLogs($serviceId: ID!, $filter: LogFilterInput, $tail: Int, $since: DateTimeISO, $after: String, $full: Boolean = false) {
        serviceLogs(serviceId: $serviceId, filter: $filter, tail: $tail, since: $since, after: $after) { ${BATCH} }
      }`,
      batch: ['serviceLogs'],
      without: ['previous'],
    },
  },
  {
    method: 'GET', path: '/api/services/:id/log-history', tag: 'Services',
    summary: 'Log lines that outlive their containers, newest first; with `limit` page by page: a page may hold few lines and still not be the last',
    operation: gql`query serviceLogHistory($serviceId: ID!, $filter: LogFilterInput, $since: DateTimeISO, $until: DateTimeISO, $oldestFirst: Boolean, $first: Int, $after: String) {
      serviceLogHistory(serviceId: $serviceId, filter: $filter, since: $since, until: $until, oldestFirst: $oldestFirst, first: $first, after: $after) {
        nodes { timestamp replica stream message cursor level fields raw cut deploymentId } pageInfo { hasNextPage endCursor }
      }
    }`,
    params: { id: 'serviceId' },
    query: { since: 'since', until: 'until', oldestFirst: 'oldestFirst', replica: 'filter.replica', text: 'filter.text', regex: 'filter.regex', level: 'filter.level', deployment: 'filter.deploymentId' },
    page: { info: ['serviceLogHistory', 'pageInfo'], limit: 'first', cursor: 'after' },
    answer: ['serviceLogHistory', 'nodes'],
  },
  {
    method: 'GET', path: '/api/teams/:id/log-storage', tag: 'Teams', summary: "How much of a team's logs is kept, and what was let go",
    operation: gql`query logStorage($teamId: ID!) { logStorage(teamId: $teamId) { lines bytes storedBytes oldestAt droppedLines lostLines gaps limitBytes days } }`,
    params: { id: 'teamId' },
    answer: ['logStorage'],
  },
];
