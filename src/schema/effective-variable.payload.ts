import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';

export enum VariableOrigin {
  SERVICE = 'SERVICE',
  GROUP = 'GROUP',
}
registerEnumType(VariableOrigin, { name: 'VariableOrigin' });

/** A variable as the next deployment would get it; never its value. */
@ObjectType({ simpleResolvers: true, description: 'A variable as the next deployment would get it, and from where; never its value.' })
export class EffectiveVariable {
  @Field()
  key!: string;

  @Field(() => VariableOrigin)
  origin!: VariableOrigin;

  @Field(() => Int, { description: 'Of the variable, or of the group that it is from.' })
  revision!: number;

  @Field(() => ID, { nullable: true })
  groupId!: string | null;

  @Field(() => String, { nullable: true })
  groupName!: string | null;
}

/** A variable with its value, for those who may see it; each look is in the team's log. */
@ObjectType({ simpleResolvers: true, description: "A variable with its value. Each look is in the team's log." })
export class RevealedVariable {
  @Field()
  key!: string;

  @Field()
  value!: string;

  @Field(() => VariableOrigin)
  origin!: VariableOrigin;

  @Field(() => String, { nullable: true })
  groupName!: string | null;
}
