package cutover

// fluentd_gems.go answers: which versions of fluentd and its plugins are installed? Read off the names of the folders in
// which Ruby keeps gems, without running anything. Next: fluentd.go.

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// gemFolders are where the packages of fluentd and Ruby put gems.
var gemFolders = []string{
	"/opt/td-agent/embedded/lib/ruby/gems/*/gems", // td-agent 2 and 3
	"/opt/td-agent/lib/ruby/gems/*/gems",          // td-agent 4
	"/opt/fluent/lib/ruby/gems/*/gems",            // fluent-package 5
	"/usr/lib/fluent/ruby/lib/ruby/gems/*/gems",   // td-agent 1
	"/usr/lib64/fluent/ruby/lib/ruby/gems/*/gems",
	"/usr/local/bundle/gems", // the Docker images
	"/usr/local/lib/ruby/gems/*/gems",
	"/usr/lib/ruby/gems/*/gems",
	"/var/lib/gems/*/gems",
}

// gems are the versions found; nil where none was. With several installed the highest counts, as in Ruby.
type gems struct {
	fluentd, plugin, client []int
}

// Versions at which the behaviour changed, by the plugin's own history and code.
var (
	retriesItems0  = []int{1, 16, 0} // the line for fluentd 0.12
	retriesItems   = []int{2, 10, 0}
	line2Begins    = []int{2, 0, 0}
	suppressesType = []int{4, 0, 10}
	checksProduct  = []int{7, 14, 0} // the gem elasticsearch
	gracefulReload = []int{1, 9, 0}  // fluentd
	zeroDowntime   = []int{1, 18, 0} // fluentd: SIGUSR2 starts a second supervisor
)

// parseGemVersion reads "1.16.2"; nil when it is none.
func parseGemVersion(text string) []int {
	var version []int
	for _, part := range strings.Split(text, ".") {
		number, err := strconv.Atoi(part)
		if err != nil {
			break // "0.rc.1": the release part counts
		}
		version = append(version, number)
	}
	return version
}

func less(a, b []int) bool { return slices.Compare(a, b) < 0 }

// findGems looks through folders that may hold globs.
func findGems(folders []string) gems {
	var found gems
	for name, into := range map[string]*[]int{"fluentd": &found.fluentd, "fluent-plugin-elasticsearch": &found.plugin, "elasticsearch": &found.client} {
		for _, folder := range folders {
			// An unreadable folder is as good as none: the version stays unknown.
			paths, err := filepath.Glob(filepath.Join(folder, name+"-[0-9]*"))
			if err != nil {
				continue
			}
			for _, path := range paths {
				version := parseGemVersion(strings.TrimPrefix(filepath.Base(path), name+"-"))
				if less(*into, version) {
					*into = version
				}
			}
		}
	}
	return found
}

// dropsRefusedItems: until then a bulk with refused items was logged and forgotten.
func (g gems) dropsRefusedItems() bool {
	if g.plugin == nil {
		return false
	}
	if less(g.plugin, line2Begins) {
		return less(g.plugin, retriesItems0)
	}
	return less(g.plugin, retriesItems)
}
