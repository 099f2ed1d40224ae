/** A column of values that are sealed with their team's data key, bound to the team and the row's `id`. */
export interface SealedColumn {
  table: string;
  column: string;
  /** SQL of the team of a row of the table. */
  team: string;
}

const ofService = (table: string): string => `(select service.team_id from service where service.id = ${table}.service_id)`;

/** Every such column: what is not here would be lost with the key that sealed it. A test finds one that is missing. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'variable', column: 'sealed_value', team: ofService('variable') },
  { table: 'env_group_variable', column: 'sealed_value', team: '(select env_group.team_id from env_group where env_group.id = env_group_variable.group_id)' },
  { table: 'registry_credential', column: 'sealed_password', team: 'registry_credential.team_id' },
  { table: 'deployment', column: 'sealed_last_lines', team: ofService('deployment') },
  { table: 'build_log', column: 'sealed_text', team: '(select build.team_id from build where build.id = build_log.build_id)' },
  { table: 'managed_database', column: 'sealed_password', team: 'managed_database.team_id' },
  { table: 'managed_database', column: 'sealed_next_password', team: 'managed_database.team_id' },
  { table: 'log_drain', column: 'sealed_token', team: 'log_drain.team_id' },
  { table: 'backup', column: 'sealed_key', team: 'backup.team_id' },
  { table: 'recovery_part', column: 'sealed_key', team: 'recovery_part.team_id' },
  { table: 'log_segment', column: 'sealed_key', team: 'log_segment.team_id' },
  { table: 'preview_variable', column: 'sealed_value', team: ofService('preview_variable') },
  { table: 'service', column: 'sealed_webhook_secret', team: 'service.team_id' },
];
