package aws

// domainlife.go answers: how is a domain made from a plan, waited for, and let go? All of it may be run twice.
// Next: backup.go (what snapshots need).

import (
	"context"
	"errors"
	"fmt"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticsearchservice"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/opensearch/types"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

const (
	// maxLostPolls is how many answers in a row may fail while waiting: a creation outlives a network's hiccup.
	maxLostPolls = 20
	// maxVanished is how many times in a row a domain may be missing right after its creation was accepted.
	maxVanished = 4
)

// CreateDomain asks for the planned domain and returns what the service answers; WaitDomain waits. The password belongs
// to DomainPlan.Domain.Security.MasterName and is empty otherwise. A domain of that name that is there already is
// ErrAlreadyExists, unless it carries the plan's own tag: then this is a second run and its state is returned.
func (s *Session) CreateDomain(ctx context.Context, plan DomainPlan, password Secret) (DomainProgress, error) {
	doing := "create domain " + plan.Domain.Name
	if len(plan.Blockers) > 0 {
		return DomainProgress{}, &Problem{Kind: ErrRefused, Doing: doing, Said: plan.Blockers[0].Reason, Advice: plan.Blockers[0].Advice}
	}
	if plan.Domain.Security.MasterName != "" && password.IsZero() {
		return DomainProgress{}, &Problem{Kind: ErrRefused, Doing: doing, Said: "the master user " + plan.Domain.Security.MasterName + " has no password",
			Advice: "give the password, or an ARN as master user"}
	}
	if existing, err := s.ReadDomain(ctx, plan.Domain.Name); err == nil {
		if existing.State.Deleting {
			return existing.State, &Problem{Kind: ErrBusy, Doing: doing, Said: "a domain of that name is being deleted", Advice: "wait until it is gone, or choose another name"}
		}
		if mark := plan.Domain.Tags[MigrationTag]; mark != "" && existing.Tags[MigrationTag] == mark {
			return existing.State, nil
		}
		return existing.State, &Problem{Kind: ErrAlreadyExists, Doing: doing, Said: "a domain of that name is there and is not ours",
			Advice: "choose another name for the new domain"}
	} else if !errors.Is(err, ErrNotFound) {
		return DomainProgress{}, err
	}
	input := createInput(plan.Domain, password)
	answer, err := s.domains.CreateDomain(ctx, input)
	if err == nil {
		return createdProgress(answer.DomainStatus), nil
	}
	err = s.explain(doing, err)
	if !worthOldAPI(err) || plan.Domain.Version.Product != es.Elasticsearch {
		return DomainProgress{}, err
	}
	old := new(elasticsearchservice.CreateElasticsearchDomainInput)
	if respellErr := respell(oldInput(input, plan.Domain), old, toOld); respellErr != nil {
		return DomainProgress{}, fmt.Errorf("%w (and the older API cannot set all of it: %v)", err, respellErr)
	}
	oldAnswer, oldErr := s.oldDomains.CreateElasticsearchDomain(ctx, old)
	if oldErr != nil {
		return DomainProgress{}, s.telling(doing, err, oldErr)
	}
	status := new(types.DomainStatus)
	if err := respell(oldAnswer.DomainStatus, status, fromOld); err != nil {
		return DomainProgress{}, fmt.Errorf("%s: %w", doing, err)
	}
	return createdProgress(status), nil
}

func createdProgress(status *types.DomainStatus) DomainProgress {
	if status == nil {
		return DomainProgress{Exists: true}
	}
	return progressOf(status)
}

// toOld is fromOld the other way round.
var toOld = map[string]string{"ClusterConfig": "ElasticsearchClusterConfig", "EngineVersion": "ElasticsearchVersion"}

// oldInput spells version and instance types as the API of 2015 does.
func oldInput(input *opensearch.CreateDomainInput, d Domain) *opensearch.CreateDomainInput {
	old, config := *input, *input.ClusterConfig
	old.EngineVersion = awssdk.String(bareVersion(d.Version))
	config.InstanceType = types.OpenSearchPartitionInstanceType(bare(string(config.InstanceType)) + ".elasticsearch")
	if config.DedicatedMasterType != "" {
		config.DedicatedMasterType = types.OpenSearchPartitionInstanceType(bare(string(config.DedicatedMasterType)) + ".elasticsearch")
	}
	if config.WarmType != "" {
		config.WarmType = types.OpenSearchWarmPartitionInstanceType(bare(string(config.WarmType)) + ".elasticsearch")
	}
	old.ClusterConfig = &config
	return &old
}

// createInput spells a domain for the API of 2021, where every instance type ends in ".search".
func createInput(d Domain, password Secret) *opensearch.CreateDomainInput {
	search := func(instanceType string) types.OpenSearchPartitionInstanceType {
		return types.OpenSearchPartitionInstanceType(bare(instanceType) + ".search")
	}
	config := &types.ClusterConfig{InstanceType: search(d.Nodes.Data.Type), InstanceCount: count(d.Nodes.Data.Count)}
	if masters := d.Nodes.Masters; masters != nil {
		config.DedicatedMasterEnabled, config.DedicatedMasterType, config.DedicatedMasterCount = awssdk.Bool(true), search(masters.Type), count(masters.Count)
	}
	if warm := d.Nodes.Warm; warm != nil {
		config.WarmEnabled, config.WarmCount = awssdk.Bool(true), count(warm.Count)
		config.WarmType = types.OpenSearchWarmPartitionInstanceType(search(warm.Type))
	}
	if d.Nodes.ColdStorage {
		config.ColdStorageOptions = &types.ColdStorageOptions{Enabled: awssdk.Bool(true)}
	}
	if group := d.Nodes.Coordinators; group != nil {
		config.NodeOptions = []types.NodeOption{{NodeType: types.NodeOptionsNodeTypeCoordinator,
			NodeConfig: &types.NodeConfig{Enabled: awssdk.Bool(true), Type: search(group.Type), Count: count(group.Count)}}}
	}
	if d.Nodes.ZoneAwareness {
		config.ZoneAwarenessEnabled = awssdk.Bool(true)
		config.ZoneAwarenessConfig = &types.ZoneAwarenessConfig{AvailabilityZoneCount: count(d.Nodes.AvailabilityZones)}
	}
	if d.Nodes.MultiAZWithStandby {
		config.MultiAZWithStandbyEnabled = awssdk.Bool(true)
	}
	input := &opensearch.CreateDomainInput{
		DomainName: awssdk.String(d.Name), EngineVersion: awssdk.String(EngineVersion(d.Version)), ClusterConfig: config,
		EBSOptions: &types.EBSOptions{EBSEnabled: awssdk.Bool(d.EBS != nil)}, AdvancedOptions: d.AdvancedOptions,
	}
	if d.EBS != nil {
		input.EBSOptions.VolumeType, input.EBSOptions.VolumeSize = types.VolumeType(d.EBS.Type), count(d.EBS.SizeGiB)
		input.EBSOptions.Iops, input.EBSOptions.Throughput = positive(d.EBS.IOPS), positive(d.EBS.Throughput)
	}
	if d.AccessPolicy != "" {
		input.AccessPolicies = awssdk.String(d.AccessPolicy)
	}
	if d.VPC != nil {
		input.VPCOptions = &types.VPCOptions{SubnetIds: d.VPC.Subnets, SecurityGroupIds: d.VPC.SecurityGroups}
		if d.VPC.Egress {
			input.VPCOptions.EgressEnabled = awssdk.Bool(true)
		}
	}
	if d.EncryptionAtRest {
		input.EncryptionAtRestOptions = &types.EncryptionAtRestOptions{Enabled: awssdk.Bool(true), KmsKeyId: text(d.KMSKey)}
	}
	if d.NodeToNodeEncryption {
		input.NodeToNodeEncryptionOptions = &types.NodeToNodeEncryptionOptions{Enabled: awssdk.Bool(true)}
	}
	if d.Access != (EndpointOptions{}) {
		input.DomainEndpointOptions = &types.DomainEndpointOptions{EnforceHTTPS: awssdk.Bool(d.Access.EnforceHTTPS), TLSSecurityPolicy: types.TLSSecurityPolicy(d.Access.TLSPolicy)}
		if d.Access.CustomEndpoint != "" {
			input.DomainEndpointOptions.CustomEndpointEnabled = awssdk.Bool(true)
			input.DomainEndpointOptions.CustomEndpoint = text(d.Access.CustomEndpoint)
			input.DomainEndpointOptions.CustomEndpointCertificateArn = text(d.Access.CertificateARN)
		}
	}
	createExtras(input, d, password)
	return input
}

// createExtras spells what most domains do without.
func createExtras(input *opensearch.CreateDomainInput, d Domain, password Secret) {
	if d.Security.Enabled {
		options := &types.AdvancedSecurityOptionsInput{Enabled: awssdk.Bool(true), InternalUserDatabaseEnabled: awssdk.Bool(d.Security.InternalUsers),
			MasterUserOptions: &types.MasterUserOptions{MasterUserARN: text(d.Security.MasterARN), MasterUserName: text(d.Security.MasterName), MasterUserPassword: text(password.Reveal())}}
		if d.Security.Anonymous {
			options.AnonymousAuthEnabled = awssdk.Bool(true)
		}
		input.AdvancedSecurityOptions = options
	}
	if d.Cognito != nil {
		input.CognitoOptions = &types.CognitoOptions{Enabled: awssdk.Bool(true), UserPoolId: text(d.Cognito.UserPool),
			IdentityPoolId: text(d.Cognito.IdentityPool), RoleArn: text(d.Cognito.RoleARN)}
	}
	for kind, target := range d.Logs {
		if input.LogPublishingOptions == nil {
			input.LogPublishingOptions = map[string]types.LogPublishingOption{}
		}
		input.LogPublishingOptions[kind] = types.LogPublishingOption{CloudWatchLogsLogGroupArn: text(target.GroupARN), Enabled: awssdk.Bool(target.Enabled)}
	}
	if d.AutoTune != nil {
		input.AutoTuneOptions = &types.AutoTuneOptionsInput{DesiredState: types.AutoTuneDesiredStateDisabled}
		if d.AutoTune.Enabled {
			input.AutoTuneOptions.DesiredState = types.AutoTuneDesiredStateEnabled
		}
		if d.AutoTune.OffPeak {
			input.AutoTuneOptions.UseOffPeakWindow = awssdk.Bool(true)
		}
	}
	if d.OffPeak != nil {
		input.OffPeakWindowOptions = &types.OffPeakWindowOptions{Enabled: awssdk.Bool(d.OffPeak.Enabled)}
		if d.OffPeak.Enabled {
			input.OffPeakWindowOptions.OffPeakWindow = &types.OffPeakWindow{WindowStartTime: &types.WindowStartTime{Hours: int64(d.OffPeak.Hour), Minutes: int64(d.OffPeak.Minutes)}}
		}
	}
	if d.AutoSoftwareUpdate {
		input.SoftwareUpdateOptions = &types.SoftwareUpdateOptions{AutoSoftwareUpdateEnabled: awssdk.Bool(true)}
	}
	if d.SnapshotHour != nil {
		input.SnapshotOptions = &types.SnapshotOptions{AutomatedSnapshotStartHour: count(*d.SnapshotHour)}
	}
	if d.IPAddressType != "" {
		input.IPAddressType = types.IPAddressType(d.IPAddressType)
	}
	for key, value := range d.Tags {
		input.TagList = append(input.TagList, types.Tag{Key: awssdk.String(key), Value: awssdk.String(value)})
	}
}

func count(n int) *int32 { return awssdk.Int32(int32(n)) }

func positive(n int) *int32 {
	if n == 0 {
		return nil
	}
	return count(n)
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// WaitDomain waits until a domain is ready and gives its configuration. report may be nil; it is called at once and
// whenever the state has changed. Only the context ends a wait that the service itself does not end.
func (s *Session) WaitDomain(ctx context.Context, name string, report func(DomainProgress)) (Domain, error) {
	vanished := 0
	err := s.follow(ctx, name, report, func(p DomainProgress) (bool, error) {
		doing := "wait for domain " + name
		if !p.Exists {
			if vanished++; vanished > maxVanished {
				return false, &Problem{Kind: ErrNotFound, Doing: doing, Said: "there is no such domain (any more)", Advice: "look into the console: it was deleted, or its creation failed"}
			}
			return false, nil
		}
		vanished = 0
		switch {
		case p.Deleting:
			return false, &Problem{Kind: ErrFailed, Doing: doing, Said: "it is being deleted", Advice: "wait until it is gone and run the same command again, or find out who deletes it"}
		case p.Trouble != "":
			return false, &Problem{Kind: ErrFailed, Doing: doing, Said: p.Trouble, Advice: "correct the setting in migration.yaml; a domain that was never ready can be deleted and planned anew"}
		}
		return p.Ready(), nil
	})
	if err != nil {
		return Domain{}, err
	}
	return s.ReadDomain(ctx, name)
}

// WaitDomainGone waits until a domain that is being deleted is gone.
func (s *Session) WaitDomainGone(ctx context.Context, name string, report func(DomainProgress)) error {
	return s.follow(ctx, name, report, func(p DomainProgress) (bool, error) {
		if p.Exists && !p.Deleting {
			return false, &Problem{Kind: ErrRefused, Doing: "wait until domain " + name + " is gone", Said: "nobody has asked for its deletion", Advice: "run retire"}
		}
		return !p.Exists, nil
	})
}

// follow asks for one domain's state until done says so, reporting every change.
func (s *Session) follow(ctx context.Context, name string, report func(DomainProgress), done func(DomainProgress) (bool, error)) error {
	timer := time.NewTimer(s.poll)
	defer timer.Stop()
	lost := 0
	var last *DomainProgress
	for {
		progress, err := s.DomainStatus(ctx, name)
		switch {
		case err == nil:
			lost = 0
			if report != nil && (last == nil || *last != progress) {
				report(progress)
			}
			last = &progress
			if finished, err := done(progress); finished || err != nil {
				return err
			}
		case ctx.Err() != nil:
			return ctx.Err()
		case !passing(err):
			return err
		default:
			if lost++; lost >= maxLostPolls {
				return err
			}
		}
		timer.Reset(s.poll)
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for domain %s: %w", name, ctx.Err())
		case <-timer.C:
		}
	}
}

// passing says whether an error may be gone at the next try.
func passing(err error) bool {
	return errors.Is(err, ErrThrottled) || errors.Is(err, ErrUnreachable) || errors.Is(err, ErrUnavailable) || errors.Is(err, ErrBusy)
}

// DeleteDomain asks for a domain's deletion and returns; DomainStatus follows it. A domain that is being deleted or gone
// is no error, so that it may be asked twice.
func (s *Session) DeleteDomain(ctx context.Context, name string) (DomainProgress, error) {
	progress, err := s.DomainStatus(ctx, name)
	if err != nil || !progress.Exists || progress.Deleting {
		return progress, err
	}
	answer, err := s.domains.DeleteDomain(ctx, &opensearch.DeleteDomainInput{DomainName: &name})
	if err == nil {
		if answer.DomainStatus == nil {
			return DomainProgress{Exists: true, Deleting: true}, nil
		}
		progress = progressOf(answer.DomainStatus)
		progress.Deleting = true
		return progress, nil
	}
	err = s.explain("delete domain "+name, err)
	if errors.Is(err, ErrNotFound) && !worthOldAPI(err) {
		return DomainProgress{}, nil
	}
	if !worthOldAPI(err) {
		return progress, err
	}
	if _, oldErr := s.oldDomains.DeleteElasticsearchDomain(ctx, &elasticsearchservice.DeleteElasticsearchDomainInput{DomainName: &name}); oldErr != nil {
		return progress, s.telling("delete domain "+name, err, oldErr)
	}
	progress.Deleting = true
	return progress, nil
}
