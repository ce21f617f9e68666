package aws

// caller.go answers: may somebody do something, as far as IAM tells? Its simulator knows best; where we may not ask it,
// the policies are read; where we may not read them either, the answer is "unknown", and we try.

import (
	"context"
	"fmt"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Verdict is an answer of IAM's simulator.
type Verdict string

// The verdicts.
const (
	May      Verdict = "may"
	MayNot   Verdict = "may not"
	MayBe    Verdict = "unknown" // nobody would tell: we try
	NotAsked Verdict = "not asked"
)

// Capability is whether the caller may register the repository itself.
type Capability struct {
	Verdict Verdict
	Missing []string `json:",omitempty"` // actions that are denied
	Why     string   `json:",omitempty"` // why it is unknown
}

// simulateAttempts is low: where the simulator fails once it mostly always fails, and there is another way.
const simulateAttempts = 2

// callerMay asks whether the caller may do what the signer must.
func (s *Session) callerMay(ctx context.Context, p *backupPlan) Capability {
	if strings.HasSuffix(p.who.ARN, ":root") {
		return Capability{Verdict: May} // the account's root cannot be simulated and may everything
	}
	source, err := s.principalARN(ctx, p.who.ARN)
	if err != nil {
		return Capability{Verdict: MayBe, Why: err.Error()}
	}
	denied, err := s.simulate(ctx, source, p.neededOfSigner())
	switch {
	case err != nil:
		return Capability{Verdict: MayBe, Why: err.Error()}
	case len(denied) > 0:
		return Capability{Verdict: MayNot, Missing: actionsOf(denied)}
	}
	return Capability{Verdict: May}
}

func actionsOf(needs []need) []string {
	seen, actions := map[string]bool{}, []string(nil)
	for _, n := range needs {
		if !seen[n.action] {
			seen[n.action] = true
			actions = append(actions, n.action)
		}
	}
	return actions
}

// principalARN turns a session's ARN into that of its role, path included, which only GetRole knows.
func (s *Session) principalARN(ctx context.Context, arn string) (string, error) {
	_, rest, assumed := strings.Cut(arn, ":assumed-role/")
	if !assumed {
		return arn, nil
	}
	name, _, _ := strings.Cut(rest, "/")
	role, err := s.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return "", s.explain("look at the caller's role "+name, err)
	}
	return awssdk.ToString(role.Role.Arn), nil
}

// simulate gives those needs that a principal's policies do not grant.
func (s *Session) simulate(ctx context.Context, principalARN string, needs []need) ([]need, error) {
	byResource := map[string][]string{}
	var order []string
	for _, n := range needs {
		if byResource[n.resource] == nil {
			order = append(order, n.resource)
		}
		byResource[n.resource] = append(byResource[n.resource], n.action)
	}
	var denied []need
	for _, resource := range order {
		answer, err := s.iam.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{
			PolicySourceArn: &principalARN, ActionNames: byResource[resource], ResourceArns: []string{resource},
			ContextEntries: []types.ContextEntry{{ContextKeyName: awssdk.String("iam:PassedToService"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{serviceName}}},
		}, func(o *iam.Options) { o.RetryMaxAttempts = simulateAttempts })
		if err != nil {
			return nil, s.explain("ask IAM's simulator what "+principalARN+" may do", err)
		}
		if len(answer.EvaluationResults) == 0 {
			return nil, fmt.Errorf("ask IAM's simulator what %s may do: it did not answer the question", principalARN)
		}
		for _, result := range answer.EvaluationResults {
			if result.EvalDecision != types.PolicyEvaluationDecisionTypeAllowed {
				denied = append(denied, need{awssdk.ToString(result.EvalActionName), resource})
			}
		}
	}
	return denied, nil
}

// callerPart shows the caller among the parts.
func callerPart(p *backupPlan, capability Capability) Part {
	part := Part{Kind: PartCaller, Name: p.who.ARN, ARN: p.who.ARN, State: Present}
	switch capability.Verdict {
	case MayBe:
		part.State = Unknown
		part.Remarks = []string{"whether it may pass the role could not be found out, so it is tried: " + capability.Why}
	case MayNot:
		part.State, part.Blocks = Differs, true
		part.Remarks = []string{"it may not " + strings.Join(capability.Missing, ", ")}
		part.Advice = "add to its policy: " + p.userDocument() + ", or let a user be made for it"
	}
	return part
}

// lacks gives those needs that a role or user lacks. Where the simulator is out of reach its documents are read.
func (s *Session) lacks(ctx context.Context, principalARN string, needs []need, read func(context.Context) ([]policyDocument, error)) ([]need, error) {
	denied, err := s.simulate(ctx, principalARN, needs)
	if err == nil {
		return denied, nil
	}
	if ctx.Err() != nil || isKind(err, ErrExpiredToken, ErrBadCredentials, ErrNoCredentials, ErrUnreachable) {
		return nil, err
	}
	documents, err := read(ctx)
	if err != nil {
		return nil, err
	}
	denied = nil
	for _, n := range needs {
		if !allows(documents, n.action, n.resource) {
			denied = append(denied, n)
		}
	}
	return denied, nil
}

// attached reads managed policies.
func (s *Session) attached(ctx context.Context, policies []types.AttachedPolicy) ([]policyDocument, error) {
	var documents []policyDocument
	for _, policy := range policies {
		described, err := s.iam.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: policy.PolicyArn})
		if err != nil {
			return nil, s.explain("read the policy "+awssdk.ToString(policy.PolicyName), err)
		}
		version, err := s.iam.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: policy.PolicyArn, VersionId: described.Policy.DefaultVersionId})
		if err != nil {
			return nil, s.explain("read the policy "+awssdk.ToString(policy.PolicyName), err)
		}
		document, err := parsePolicy(awssdk.ToString(version.PolicyVersion.Document))
		if err != nil {
			return nil, fmt.Errorf("read the policy %s: %w", awssdk.ToString(policy.PolicyName), err)
		}
		documents = append(documents, document)
	}
	return documents, nil
}
