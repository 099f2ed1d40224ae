import { Migration } from '@mikro-orm/migrations';

/** A pull request is one of a forge's host: the same number of a repository of the same name elsewhere is another. */
export class PreviewHosts extends Migration {
  override up(): void {
    this.addSql('drop index preview_pull_request_unique;');
    this.addSql("create unique index preview_pull_request_unique on preview (team_id, lower(split_part(url, '/', 3)), lower(repository), number);");
  }
}
