package cutover

// fluentd_include.go answers: which files make up one fluentd configuration? Includes are followed as
// v1_parser.rb does: relative to the folder of the file that includes, sorted, in the place of the include, also within
// a section. Next: fluentd_outputs.go.

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// fluentdTree is a configuration with all its files.
type fluentdTree struct {
	root     *section
	drafts   []*draft // each file once, in the order met
	files    map[string]*section
	findings []Finding
}

// loadFluentd reads a configuration and all it includes.
func loadFluentd(path string) (*fluentdTree, error) {
	if extension := strings.ToLower(filepath.Ext(path)); extension == ".yaml" || extension == ".yml" {
		return nil, problem("change it by hand and give a reload command, or move this writer by a command of your own",
			fmt.Errorf("%s is a YAML configuration of fluentd: %w", path, errors.ErrUnsupported))
	}
	if strings.HasSuffix(path, ".rb") {
		return nil, problem("move this writer by a command of your own", fmt.Errorf("%s is a Ruby configuration of fluentd: %w", path, errors.ErrUnsupported))
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", path, err)
	}
	tree := &fluentdTree{files: map[string]*section{}}
	tree.root, err = tree.load(absolute, 0)
	return tree, err
}

func (t *fluentdTree) load(path string, depth int) (*section, error) {
	if file, ok := t.files[path]; ok {
		if file == nil {
			return nil, problem("remove one of the includes", fmt.Errorf("%s includes itself", path))
		}
		return file, nil
	}
	if depth > maxDepth {
		return nil, problem("look for an include that leads back", fmt.Errorf("%s: includes nested more than %d deep", path, maxDepth))
	}
	text, err := readConfig(path)
	if err != nil {
		return nil, err
	}
	file, err := parseFluentd(path, text)
	if err != nil {
		return nil, err
	}
	t.files[path] = nil // being read: meeting it again is a circle
	t.drafts = append(t.drafts, file.draft)
	if err := t.follow(file, depth); err != nil {
		return nil, err
	}
	t.files[path] = file
	return file, nil
}

// follow reads the includes of a section and of those within it.
func (t *fluentdTree) follow(s *section, depth int) error {
	for _, i := range s.items {
		switch {
		case i.section != nil:
			if err := t.follow(i.section, depth); err != nil {
				return err
			}
		case i.include != nil:
			if err := t.followInclude(i.include, depth); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *fluentdTree) followInclude(i *include, depth int) error {
	pattern := i.path.text
	switch {
	case i.path.dynamic:
		t.report(i, "fluentd-include-ruby", Blocker, "Ruby code decides what "+pattern+" includes, so an output may hide there",
			"make sure none of those files names the source, then accept this")
		return nil
	case strings.HasPrefix(pattern, "http://"), strings.HasPrefix(pattern, "https://"), strings.HasPrefix(pattern, "ftp://"):
		t.report(i, "fluentd-include-remote", Blocker, "an included file comes from another server and is not changed here",
			"change it there if it names the source, then accept this")
		return nil
	case strings.HasPrefix(pattern, "file:"):
		pattern = strings.TrimPrefix(strings.TrimPrefix(pattern, "file:"), "//")
	}
	if decoded, err := url.PathUnescape(pattern); err == nil {
		pattern = decoded
	}
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(filepath.Dir(i.draft.path), pattern)
	}
	paths, err := glob(pattern)
	if err != nil {
		return fmt.Errorf("%s:%d: %w", i.draft.path, i.draft.tokens[i.token].line, err)
	}
	if len(paths) == 0 {
		t.report(i, "fluentd-include-nothing", Warning, pattern+" matches no file; fluentd says nothing and goes on without it", "correct the path, or remove the line")
	}
	for _, path := range paths {
		file, err := t.load(path, depth+1)
		if err != nil {
			return fmt.Errorf("included in %s:%d: %w", i.draft.path, i.draft.tokens[i.token].line, err)
		}
		i.files = append(i.files, file)
	}
	return nil
}

func (t *fluentdTree) report(i *include, code string, severity Severity, text, hint string) {
	t.findings = append(t.findings, Finding{Code: code, Severity: severity, File: i.draft.path, Line: i.draft.tokens[i.token].line, Text: text, Hint: hint})
}

// parameters visits the parameters of a section, also those that an include brings, in the order in which fluentd reads them.
func (s *section) parameters(visit func(parameter)) {
	for _, i := range s.items {
		switch {
		case i.parameter != nil:
			visit(*i.parameter)
		case i.include != nil:
			for _, file := range i.include.files {
				file.parameters(visit)
			}
		}
	}
}

// sections visits the sections directly within one, also those that an include brings.
func (s *section) sections(visit func(*section)) {
	for _, i := range s.items {
		switch {
		case i.section != nil:
			visit(i.section)
		case i.include != nil:
			for _, file := range i.include.files {
				file.sections(visit)
			}
		}
	}
}

// get gives the parameter that counts: the last one of that name.
func (s *section) get(key string) (parameter, bool) {
	var last parameter
	found := false
	s.parameters(func(p parameter) {
		if p.key == key {
			last, found = p, true
		}
	})
	return last, found
}

// plugin is the section's @type, or type as it was written up to 0.12.
func (s *section) plugin() (parameter, bool) {
	if p, ok := s.get("@type"); ok {
		return p, true
	}
	return s.get("type")
}

// child gives the first section of a name.
func (s *section) child(name string) *section {
	var first *section
	s.sections(func(c *section) {
		if c.name == name && first == nil {
			first = c
		}
	})
	return first
}
