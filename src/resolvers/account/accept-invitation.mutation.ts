import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { Args, Ctx, Info, Mutation, Resolver } from 'type-graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { limitCostlyField } from '../../auth/costly-field.js';
import { issueToken } from '../../auth/issue-token.js';
import { hashPassword, isPassword } from '../../auth/password.js';
import { createPersonalTeam } from '../../auth/personal-team.js';
import { hashToken } from '../../auth/token-secret.js';
import { TOKEN_SCOPES, type RequestContext } from '../../context.js';
import { Account } from '../../entities/account.js';
import { newId } from '../../entities/columns.js';
import type { Database } from '../../entities/database.js';
import { Installation } from '../../entities/installation.js';
import { Invitation } from '../../entities/invitation.js';
import { Membership } from '../../entities/membership.js';
import { Team } from '../../entities/team.js';
import { badRequest } from '../../errors.js';
import { AcceptInvitationArgs, checkPerson } from '../../schema/accept-invitation.input.js';
import { AcceptedInvitation } from '../../schema/accepted-invitation.payload.js';
import { invalid } from '../../schema/check-input.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';

const CALLS_A_MINUTE = 10;
const FIRST_TOKEN = 'First token';

/** The same for one that never was, was used, was taken back or is over. */
const noInvitation = (): Error => badRequest('This invitation does not exist, is used up, was taken back or is over. Ask for a new one.');

@Resolver()
export class AcceptInvitationMutation {
  constructor(
    private readonly orm: Database,
    private readonly vault: Vault,
  ) {}

  @Mutation(() => AcceptedInvitation, { description: 'Comes into a team by an invitation: a new account or, where its address has one, that account by its password.' })
  async acceptInvitation(@Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo, @Args(() => AcceptInvitationArgs) { token: link, name, password }: AcceptInvitationArgs): Promise<AcceptedInvitation> {
    await limitCostlyField(this.orm.em.fork(), context, info, CALLS_A_MINUTE);
    checkPerson({ name: name ?? null, password });
    return inTransaction(context, async (tx) => {
      const invitation = await tx.findOne(Invitation, { hash: hashToken(link), acceptedAt: null, revokedAt: null, expiresAt: { $gt: new Date() } }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!invitation) throw noInvitation();
      const team = await tx.findOne(Team, { id: invitation.teamId, deletedAt: null });
      if (!team) throw noInvitation();
      const account = await this.person(tx, invitation.email, name ?? null, password);
      invitation.acceptedAt = new Date();
      if ((await tx.count(Membership, { teamId: team.id, accountId: account.id })) === 0) {
        tx.create(Membership, { id: newId(), teamId: team.id, accountId: account.id, role: invitation.role, createdAt: new Date() });
      }
      await tx.flush();
      const { secret } = await issueToken(tx, { accountId: account.id, teamId: null, name: FIRST_TOKEN, scopes: TOKEN_SCOPES, expiresAt: null });
      const { role } = invitation;
      await recordAudit(tx, context, { action: 'acceptInvitation', teamId: team.id, accountId: account.id, target: { kind: 'invitation', id: invitation.id, name: invitation.email }, after: { role } });
      return { account, team: Object.assign(team, { role }), token: secret };
    });
  }

  /** The link shows that the address is the person's. An account that it has already opens with its own password only. */
  private async person(tx: EntityManager, email: string, name: string | null, password: string): Promise<Account> {
    const known = await tx.findOne(Account, { email });
    if (known) {
      if (known.deletedAt || !(await isPassword(password, known.passwordHash))) throw badRequest('There is an account of this e-mail address already: give its password.');
      known.emailVerifiedAt ??= new Date();
      return known;
    }
    if (!name) throw invalid([{ path: 'name', message: 'is required: the account is new' }]);
    const createdAt = new Date();
    const account = tx.create(Account, {
      id: newId(), name: name.trim(), email, isOperator: false, passwordHash: await hashPassword(password), emailVerifiedAt: createdAt, createdAt, deletedAt: null,
    });
    await tx.flush();
    const { id: installationId } = await tx.findOneOrFail(Installation, { only: true });
    await createPersonalTeam(tx, this.vault, installationId, account.id);
    return account;
  }
}
