import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Role } from '../entities/roles.js';

export enum MembershipStatus {
  ACTIVE = 'ACTIVE',
  /** Invited, and not come yet. */
  PENDING = 'PENDING',
}
registerEnumType(MembershipStatus, { name: 'MembershipStatus' });

/** A person in a team, or one who is invited. */
@ObjectType('Membership', { simpleResolvers: true, description: 'A person in a team, or one who is invited.' })
export class MembershipPayload {
  @Field(() => ID)
  id!: string;

  @Field(() => ID)
  teamId!: string;

  @Field(() => ID, { nullable: true })
  accountId!: string | null;

  @Field(() => String, { nullable: true })
  name!: string | null;

  @Field(() => String, { nullable: true })
  email!: string | null;

  @Field(() => Role)
  role!: Role;

  @Field(() => MembershipStatus)
  status!: MembershipStatus;

  @Field(() => String, { nullable: true, description: 'The link of an invitation: shown once, to who made it.' })
  inviteUrl!: string | null;

  @Field(() => Date, { nullable: true, description: 'When the invitation ends.' })
  expiresAt!: Date | null;

  @Field(() => Date)
  createdAt!: Date;
}
