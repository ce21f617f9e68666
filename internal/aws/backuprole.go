package aws

// backuprole.go answers: is the role there that the service takes, does it trust the service, and may it use the bucket?
// Next: backupuser.go.

import (
	"context"
	"errors"
	"fmt"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func ours(tags []types.Tag, migration string) bool {
	for _, tag := range tags {
		if awssdk.ToString(tag.Key) == MigrationTag && awssdk.ToString(tag.Value) == migration {
			return true
		}
	}
	return false
}

func (p *backupPlan) iamTags() []types.Tag {
	return []types.Tag{{Key: awssdk.String(MigrationTag), Value: awssdk.String(p.Migration)}}
}

func (s *Session) checkRole(ctx context.Context, p *backupPlan) ([]Part, error) {
	role := Part{Kind: PartRole, Name: p.Role, ARN: p.roleARN, State: Missing}
	policy := Part{Kind: PartRolePolicy, Name: p.policyName(), ARN: p.roleARN, State: Missing, Ours: true}
	answer, err := s.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &p.Role})
	if err != nil {
		err = s.explain("look at role "+p.Role, err)
		if errors.Is(err, ErrNotFound) {
			return []Part{role, policy}, nil
		}
		return nil, err
	}
	p.roleARN = awssdk.ToString(answer.Role.Arn) // may have a path
	role.ARN, policy.ARN, role.State = p.roleARN, p.roleARN, Present
	role.Ours = ours(answer.Role.Tags, p.Migration)
	if err := p.judgeTrust(&role, awssdk.ToString(answer.Role.AssumeRolePolicyDocument)); err != nil {
		return nil, err
	}
	own, err := s.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &p.Role, PolicyName: &policy.Name})
	if err == nil {
		policy.State = Present
		if document, err := plainPolicy(awssdk.ToString(own.PolicyDocument)); err != nil || compactJSON(document) != compactJSON(p.roleDocument()) {
			policy.State = Differs
			policy.Remarks = append(policy.Remarks, "it was made for another bucket or prefix")
		}
		return []Part{role, policy}, nil
	}
	if err = s.explain("look at the policy of role "+p.Role, err); !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	if role.Ours {
		return []Part{role, policy}, nil
	}
	lacking, err := s.lacks(ctx, p.roleARN, p.neededOfRole(), func(ctx context.Context) ([]policyDocument, error) { return s.roleDocuments(ctx, p.Role) })
	if err != nil {
		return nil, err
	}
	if len(lacking) == 0 {
		policy.State, policy.Ours = Present, false
		policy.Remarks = append(policy.Remarks, "the role has these rights already, from policies of yours")
	} else {
		policy.Remarks = append(policy.Remarks, "the role lacks "+strings.Join(actionsOf(lacking), ", ")+" on the bucket; a policy of ours is added beside yours")
	}
	return []Part{role, policy}, nil
}

// judgeTrust compares a trust policy with what is needed. Ours is corrected; another's blocks when it cannot work.
func (p *backupPlan) judgeTrust(role *Part, text string) error {
	document, err := parsePolicy(text)
	if err != nil {
		return fmt.Errorf("read the trust of role %s: %w", p.Role, err)
	}
	trusted, sources, accounts := document.trusts(serviceName)
	if !trusted {
		role.Remarks = append(role.Remarks, "it does not trust "+serviceName)
	}
	if trusted && len(accounts) > 0 && !matchesAny(accounts, p.who.Account, false) {
		role.Remarks = append(role.Remarks, "it trusts the service only on behalf of account "+strings.Join(accounts, ", "))
	}
	for _, domain := range p.domainARNs {
		if trusted && len(sources) > 0 && !matchesAny(sources, domain, false) {
			role.Remarks = append(role.Remarks, "it trusts the service only on behalf of "+strings.Join(sources, ", ")+", not "+domain)
		}
	}
	if len(role.Remarks) == 0 {
		if len(accounts) == 0 && len(sources) == 0 {
			role.Remarks = append(role.Remarks, "it trusts the service on behalf of any account: aws:SourceAccount and aws:SourceArn conditions would be safer")
		}
		return nil
	}
	role.State = Differs
	if !role.Ours {
		role.Blocks = true
		role.Advice = "we leave alone what others made: give the role the trust policy " + p.trustDocument() + ", or choose another role name"
	}
	return nil
}

func (s *Session) roleDocuments(ctx context.Context, name string) ([]policyDocument, error) {
	managed, err := s.iam.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	if err != nil {
		return nil, s.explain("list the policies of role "+name, err)
	}
	documents, err := s.attached(ctx, managed.AttachedPolicies)
	if err != nil {
		return nil, err
	}
	inline, err := s.iam.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &name})
	if err != nil {
		return nil, s.explain("list the policies of role "+name, err)
	}
	for _, policy := range inline.PolicyNames {
		answer, err := s.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &policy})
		if err != nil {
			return nil, s.explain("read the policy "+policy+" of role "+name, err)
		}
		document, err := parsePolicy(awssdk.ToString(answer.PolicyDocument))
		if err != nil {
			return nil, fmt.Errorf("read the policy %s of role %s: %w", policy, name, err)
		}
		documents = append(documents, document)
	}
	return documents, nil
}

func (s *Session) makeRole(ctx context.Context, p *backupPlan, part *Part) error {
	if part.State == Differs {
		_, err := s.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &p.Role, PolicyDocument: awssdk.String(p.trustDocument())})
		if err != nil {
			return s.explain("correct the trust of role "+p.Role, err)
		}
		return nil
	}
	answer, err := s.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &p.Role, AssumeRolePolicyDocument: awssdk.String(p.trustDocument()), Tags: p.iamTags(),
		Description: awssdk.String("Lets Elasticsearch and OpenSearch domains write snapshots into " + p.Bucket)})
	if err != nil {
		return s.explain("create role "+p.Role, err)
	}
	if answer.Role != nil && awssdk.ToString(answer.Role.Arn) != "" {
		p.roleARN = awssdk.ToString(answer.Role.Arn)
		part.ARN = p.roleARN
	}
	return nil
}

func (s *Session) makeRolePolicy(ctx context.Context, p *backupPlan, part *Part) error {
	_, err := s.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &p.Role, PolicyName: &part.Name, PolicyDocument: awssdk.String(p.roleDocument())})
	if err != nil {
		return s.explain("give role "+p.Role+" its policy", err)
	}
	return nil
}

func (s *Session) removeRole(ctx context.Context, p *backupPlan, record func(Part) error) ([]Part, error) {
	role := Part{Kind: PartRole, Name: p.Role, ARN: p.roleARN, State: Missing}
	policy := Part{Kind: PartRolePolicy, Name: p.policyName(), ARN: p.roleARN, State: Missing, Ours: true}
	answer, err := s.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &p.Role})
	if err != nil {
		if err = s.explain("look at role "+p.Role, err); errors.Is(err, ErrNotFound) {
			return []Part{role, policy}, nil
		}
		return nil, err
	}
	role.Ours = ours(answer.Role.Tags, p.Migration)
	err = s.removing(&policy, record, "take the policy from role "+p.Role, func() error {
		_, err := s.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &p.Role, PolicyName: &policy.Name})
		return err
	})
	if err != nil {
		return []Part{policy}, err
	}
	if !role.Ours {
		role.State, role.Remarks = Kept, []string{"it is not ours"}
		return []Part{policy, role}, nil
	}
	err = s.removing(&role, record, "delete role "+p.Role, func() error {
		_, err := s.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &p.Role})
		return err
	})
	return []Part{policy, role}, err
}

// removing does one removal: told before and after; what is gone already is fine, what others still use is kept.
func (s *Session) removing(part *Part, record func(Part) error, doing string, remove func() error) error {
	if err := tell(record, *part, Removing); err != nil {
		return err
	}
	if err := remove(); err != nil {
		err = s.explain(doing, err)
		switch {
		case errors.Is(err, ErrNotFound):
			part.State = Missing
			return nil
		case errors.Is(err, ErrBusy):
			part.State = Kept
			part.Remarks = append(part.Remarks, "something of yours still hangs on it: "+err.Error())
			return nil
		}
		return err
	}
	if part.State == Kept {
		return nil
	}
	part.State = Removed
	return tell(record, *part, Removed)
}
