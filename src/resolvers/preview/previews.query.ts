import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';
import { requireAccess, withinTeamsOf } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Preview } from '../../entities/preview.js';
import { PreviewState } from '../../entities/preview-state.js';
import { Page } from '../../schema/connection.js';
import { pageWish } from '../../schema/page.js';
import { PreviewConnection } from '../../schema/preview.connection.js';
import { readPreview, readPreviews, type PreviewReading, type PreviewRow } from './preview-rows.js';

@Resolver()
export class PreviewsQuery {
  constructor(private readonly reading: PreviewReading) {}

  @Query(() => PreviewConnection, { description: 'Previews of pull requests, newest first: of all your teams, or of one; of every state, or of one.' })
  async previews(
    @Ctx() { em, actor }: RequestContext,
    @Arg('teamId', () => ID, { nullable: true }) teamId: string | null,
    @Arg('state', () => PreviewState, { nullable: true }) state: PreviewState | null,
    @Arg('first', () => Int, { nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
  ): Promise<Page<PreviewRow>> {
    const page = pageWish(first, after);
    const conditions = [withinTeamsOf(actor, 'preview.team_id')];
    if (teamId != null) conditions.push({ sql: 'preview.team_id = ?', params: [await requireAccess(em, actor, 'Query.previews', 'team', teamId)] });
    if (state != null) conditions.push({ sql: 'preview.state = ?', params: [state] });
    return new Page(await readPreviews(em, conditions, this.reading, page), page);
  }

  @Query(() => Preview)
  async preview(@Ctx() { em, actor }: RequestContext, @Arg('id', () => ID) id: string): Promise<PreviewRow> {
    await requireAccess(em, actor, 'Query.preview', 'preview', id);
    return readPreview(em, id, this.reading);
  }
}
