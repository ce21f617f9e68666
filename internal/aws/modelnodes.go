package aws

// modelnodes.go answers: which instances and disks does the new domain have? Never less storage in all than the old one.
// Next: modelrules.go.

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

func familyOf(bareType string) (family, bool) {
	name, _, _ := strings.Cut(bareType, ".")
	found, known := families[name]
	return found, known
}

func (m *modeller) nodes() {
	data := m.old.Nodes.Data
	m.made.Nodes.Data.Count = cmp.Or(m.wish.InstanceCount, data.Count)
	m.made.Nodes.Data.Type = m.chosen("nodes.data.type", data.Type, m.wish.InstanceType)
	if made := &m.made.Nodes.Data; m.old.Nodes.AvailabilityZones == 2 && made.Count%2 == 1 {
		m.replace("nodes.data.count", fmt.Sprint(made.Count), fmt.Sprint(made.Count+1), "two zones want an even number of nodes")
		made.Count++
	}
	for _, group := range []struct {
		setting, wish string
		group         **NodeGroup
	}{
		{"nodes.masters.type", m.wish.MasterType, &m.made.Nodes.Masters},
		{"nodes.coordinators.type", "", &m.made.Nodes.Coordinators},
	} {
		if *group.group == nil {
			continue
		}
		made := **group.group
		made.Type = m.chosen(group.setting, made.Type, group.wish)
		*group.group = &made
	}
	if warm := m.old.Nodes.Warm; warm != nil {
		m.made.Nodes.Warm = &NodeGroup{withSuffix(warm.Type, m.target), warm.Count}
	}
}

// chosen is the person's type, held against what there is, or the nearest to the old one.
func (m *modeller) chosen(setting, old, wish string) string {
	if wish != "" {
		if fits, why := m.instanceFits(bare(wish)); !fits {
			m.block(setting, wish+" cannot be had: "+why, "choose another instance type, for example "+m.nearest(bare(wish)))
		}
		return withSuffix(wish, m.target)
	}
	fits, why := m.instanceFits(bare(old))
	if fits {
		made := withSuffix(old, m.target)
		m.replace(setting, old, made, "types for "+m.target.Product.String()+" are spelled so; the machine is the same")
		return made
	}
	nearest := m.nearest(bare(old))
	if nearest == "" {
		m.block(setting, old+" cannot be had: "+why, "choose an instance type")
		return withSuffix(old, m.target)
	}
	m.replace(setting, old, withSuffix(nearest, m.target), why)
	return withSuffix(nearest, m.target)
}

// instanceFits says whether the new version and region have a type, and if not, why.
func (m *modeller) instanceFits(bareType string) (bool, string) {
	info, known := familyOf(bareType)
	if m.wantsEncryption() && info.unencrypted {
		return false, bareType + " cannot encrypt"
	}
	if m.wish.Offers != nil && m.wish.Offers.Instances != nil {
		if offer, offered := m.wish.Offers.Instances[bareType]; offered {
			if m.wantsEncryption() && !offer.Encryption {
				return false, bareType + " cannot encrypt"
			}
			return true, ""
		}
		return false, fmt.Sprintf("%s is not offered for %s in %s", bareType, EngineVersion(m.target), cmp.Or(m.made.Region, "this region"))
	}
	switch {
	case !known:
		return true, "" // younger than our table
	case !m.reaches(info.since) || bareType == "t2.micro" && m.reaches(release{5, 1}):
		return false, fmt.Sprintf("%s does not run %s", bareType, EngineVersion(m.target))
	case info.previous && m.youngerFits(bareType):
		return false, bareType + " is of the previous generation"
	}
	return true, ""
}

// youngerFits says whether a type of the present generation can stand in. A burstable one is not given up for a type
// that costs several times as much.
func (m *modeller) youngerFits(bareType string) bool {
	old, _ := familyOf(bareType)
	for _, candidate := range ladderOf(bareType) {
		if info, _ := familyOf(candidate); !info.previous && m.reaches(info.since) && (info.burstable || !old.burstable) {
			return true
		}
	}
	return false
}

func (m *modeller) nearest(bareType string) string {
	for _, candidate := range ladderOf(bareType) {
		if fits, _ := m.instanceFits(candidate); fits {
			return candidate
		}
	}
	return ""
}

func ladderOf(bareType string) []string {
	for _, ladder := range ladders {
		if ladder[0] == bareType {
			return ladder[1:]
		}
	}
	return nil
}

func (m *modeller) wantsEncryption() bool {
	want := m.old.EncryptionAtRest || m.old.NodeToNodeEncryption || m.old.Security.Enabled || m.wish.MasterARN != "" || m.wish.MasterName != ""
	for _, wish := range []*bool{m.wish.EncryptionAtRest, m.wish.NodeToNodeEncryption} {
		want = want || wish != nil && *wish
	}
	return want && m.reaches(sinceEncryptionAtRest)
}

// limits tells what one instance can hold, by the service's word or by the published table.
func (m *modeller) limits(bareType string) (disk, bool) {
	published, known := disks[bareType]
	if m.wish.Offers == nil {
		return published, known
	}
	volumes, told := m.wish.Offers.Volumes[bareType]
	if !told {
		return published, known
	}
	return disk{ebs: max(volumes["gp2"].Max, volumes["io1"].Max), gp3: volumes["gp3"].Max, own: published.own}, true
}

func (m *modeller) disks() {
	oldType, newType := bare(m.old.Nodes.Data.Type), bare(m.made.Nodes.Data.Type)
	old, known := m.limits(newType)
	perNode := disks[oldType].own
	if m.old.EBS != nil {
		perNode = m.old.EBS.SizeGiB
		copied := *m.old.EBS
		m.made.EBS = &copied
	}
	needed := perNode * m.old.Nodes.Data.Count
	if m.wish.EBS != nil {
		copied := *m.wish.EBS
		m.made.EBS = &copied
		if have := copied.SizeGiB * m.made.Nodes.Data.Count; have < needed {
			m.note("the new domain has %d GiB of disk in all, the old one %d GiB", have, needed)
		}
		return
	}
	if !known {
		return
	}
	switch {
	case old.ebs == 0 && old.gp3 == 0 && m.made.EBS != nil:
		m.replace("ebs", describeEBS(m.made.EBS), "", fmt.Sprintf("%s has disks of its own (%d GiB)", newType, old.own))
		m.made.EBS = nil
	case old.own == 0 && m.made.EBS == nil:
		m.made.EBS = &EBS{Type: "gp3", SizeGiB: max(perNode, minVolume)}
		if old.gp3 == 0 {
			m.made.EBS.Type = "gp2"
		}
		m.replace("ebs", "", describeEBS(m.made.EBS), fmt.Sprintf("%s has no disk of its own, and %s had %d GiB", newType, oldType, perNode))
	}
	m.volumeType(newType, old)
	m.enough(old, needed)
}

func (m *modeller) volumeType(newType string, can disk) {
	ebs := m.made.EBS
	if ebs == nil {
		return
	}
	was := *ebs
	reason := ""
	switch {
	case ebs.Type == "standard" && can.gp3 > 0:
		ebs.Type, ebs.IOPS, reason = "gp3", 0, "magnetic disks are of the previous generation; gp3 is faster"
	case ebs.Type == "standard":
		ebs.Type, ebs.IOPS, reason = "gp2", 0, "magnetic disks are of the previous generation, and "+newType+" has no gp3"
	case ebs.Type == "gp3" && can.gp3 == 0:
		ebs.Type, ebs.IOPS, ebs.Throughput, reason = "gp2", 0, 0, newType+" has no gp3"
	}
	m.replace("ebs.type", was.Type, ebs.Type, reason)
}

// enough makes the disks as large, and then the instances as many, as the old domain's storage needs.
func (m *modeller) enough(can disk, needed int) {
	nodes := &m.made.Nodes.Data
	if needed == 0 || nodes.Count == 0 {
		return
	}
	perNode := can.own
	if m.made.EBS != nil {
		most := can.ebs
		if m.made.EBS.Type == "gp3" {
			most = can.gp3
		}
		size := max(m.made.EBS.SizeGiB, minVolume)
		if most > 0 && size > most {
			size = most
		}
		m.replace("ebs.size", fmt.Sprintf("%d GiB", m.made.EBS.SizeGiB), fmt.Sprintf("%d GiB", size),
			fmt.Sprintf("%s takes disks of %d to %d GiB", bare(nodes.Type), minVolume, most))
		m.made.EBS.SizeGiB, perNode = size, size
	}
	if perNode == 0 || perNode*nodes.Count >= needed || m.wish.InstanceCount != 0 {
		if perNode*nodes.Count < needed {
			m.note("the new domain has %d GiB of disk in all, the old one %d GiB", perNode*nodes.Count, needed)
		}
		return
	}
	enough := (needed + perNode - 1) / perNode
	// Zone awareness wants the same number in every zone.
	if zones := m.made.Nodes.AvailabilityZones; zones > 1 {
		enough = (enough + zones - 1) / zones * zones
	}
	m.replace("nodes.data.count", fmt.Sprint(nodes.Count), fmt.Sprint(enough),
		fmt.Sprintf("the old domain has %d GiB in all and %s holds %d GiB", needed, bare(nodes.Type), perNode))
	nodes.Count = enough
}

func describeEBS(ebs *EBS) string {
	if ebs == nil {
		return ""
	}
	return fmt.Sprintf("%s %d GiB", ebs.Type, ebs.SizeGiB)
}

// storageTiers drops what the version or the instances cannot have.
func (m *modeller) storageTiers() {
	nodes := &m.made.Nodes
	info, _ := familyOf(bare(nodes.Data.Type))
	if nodes.Warm != nil {
		why := ""
		switch {
		case !m.reaches(sinceUltraWarm):
			why = "UltraWarm is there since 6.8"
		case info.burstable:
			why = "UltraWarm does not go with " + bare(nodes.Data.Type)
		case nodes.Masters == nil:
			why = "UltraWarm needs dedicated masters"
		}
		if why != "" {
			m.replace("nodes.warm", fmt.Sprintf("%d x %s", nodes.Warm.Count, nodes.Warm.Type), "", why)
			nodes.Warm = nil
		}
	}
	if nodes.ColdStorage && (nodes.Warm == nil || !m.reaches(sinceCold)) {
		m.replace("nodes.cold", "on", "", "cold storage needs UltraWarm and 7.9 or later")
		nodes.ColdStorage = false
	}
	if nodes.Coordinators != nil && !m.reaches(sinceCoordinators) {
		m.replace("nodes.coordinators", nodes.Coordinators.Type, "", "coordinator nodes are there since 6.8")
		nodes.Coordinators = nil
	}
	standby := m.reaches(sinceStandby) && (m.target.Product == es.Elasticsearch || m.target.Major > 1 || m.target.Minor >= 3)
	if nodes.MultiAZWithStandby && !standby {
		m.replace("nodes.standby", "on", "", "Multi-AZ with standby is there since 6.8 and OpenSearch 1.3")
		nodes.MultiAZWithStandby = false
	}
	if nodes.Masters == nil && nodes.Data.Count >= manyNodes {
		m.note("%d data nodes without dedicated masters: the service recommends three", nodes.Data.Count)
	}
}

// manyNodes is from when on a domain without dedicated masters gets a note.
const manyNodes = 10
