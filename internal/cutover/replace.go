package cutover

// replace.go answers: how are other people's files changed so that any kill leaves either the old or the new file, and
// the old can be put back byte for byte? Next: fluentd.go.
//
// Order of writing, each synced before the next: both contents of every file into the adapter's folder, named by their
// hash; then the state that names them; then, file by file, a new file beside the old one and a rename. Whoever finds
// a state but not all files replaced just goes on; whoever finds no state begins anew, and nothing was touched.
//
// Backups never lie beside the configuration: `@include conf.d/*` would load them as a second output.

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// FileState is one file that was changed.
type FileState struct {
	// Path is as the configuration names it; Real is what it leads to when it is a symbolic link.
	Path string `json:"path"`
	Real string `json:"real"`
	// Before and After are the SHA-256 of both contents, and their names in the adapter's folder.
	Before string `json:"before"`
	After  string `json:"after"`
	Mode   uint32 `json:"mode"`
	UID    int    `json:"uid"`
	GID    int    `json:"gid"`
}

const (
	folderMode  = 0o700 // backups may hold passwords
	privateMode = 0o600
	contentsDir = "contents"
	// temporarySuffix: a name with a leading dot is not matched by the globs of fluentd, rsyslog and logstash.
	temporarySuffix = ".hikkoshi-new"
)

// vault is the folder in which one adapter keeps its state and the contents it replaced.
type vault struct{ dir, kind, name string }

var unsafeInName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

func (v vault) stateFile() string {
	return filepath.Join(v.dir, v.kind+"-"+unsafeInName.ReplaceAllString(v.name, "_")+".json")
}

// load reads the state; a vault without one gives the state in which nothing was done.
func (v vault) load() (State, error) {
	state := State{Kind: v.kind, Name: v.name}
	if v.dir == "" {
		return state, problem("set the folder for backups and state", fmt.Errorf("%s %s has no folder", v.kind, v.name))
	}
	data, err := os.ReadFile(v.stateFile())
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil
	}
	if err != nil {
		return state, fmt.Errorf("read what was done: %w", err)
	}
	if err := json.Unmarshal(data, &state); err != nil {
		return state, problem("put the file back from a backup; it is written whole or not at all", fmt.Errorf("read what was done from %s: %w", v.stateFile(), err))
	}
	if state.Kind != v.kind || state.Name != v.name {
		return state, problem("give each writer its own name", fmt.Errorf("%s belongs to %s %q", v.stateFile(), state.Kind, state.Name))
	}
	return state, nil
}

// save writes the state, whole or not at all.
func (v vault) save(state State) error {
	if err := os.MkdirAll(filepath.Join(v.dir, contentsDir), folderMode); err != nil {
		return fmt.Errorf("make the folder for backups: %w", err)
	}
	data, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return fmt.Errorf("write down what was done: %w", err)
	}
	if err := writeSynced(v.stateFile(), append(data, '\n'), owner{mode: privateMode, uid: -1, gid: -1}); err != nil {
		return fmt.Errorf("write down what was done: %w", err)
	}
	return nil
}

// keep stores a content under its hash.
func (v vault) keep(content []byte) (string, error) {
	sum := hashOf(content)
	path := filepath.Join(v.dir, contentsDir, sum)
	if have, err := os.ReadFile(path); err == nil && hashOf(have) == sum {
		return sum, nil
	}
	if err := os.MkdirAll(filepath.Join(v.dir, contentsDir), folderMode); err != nil {
		return "", fmt.Errorf("make the folder for backups: %w", err)
	}
	if err := writeSynced(path, content, owner{mode: privateMode, uid: -1, gid: -1}); err != nil {
		return "", fmt.Errorf("keep a backup: %w", err)
	}
	return sum, nil
}

// kept reads a content back and checks it against its name.
func (v vault) kept(sum string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(v.dir, contentsDir, sum))
	if err != nil {
		return nil, fmt.Errorf("read a backup: %w", err)
	}
	if hashOf(data) != sum {
		return nil, problem("restore the folder of the migration from its own backup", fmt.Errorf("backup %s is damaged", sum))
	}
	return data, nil
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// edit is a file with its content before and after.
type edit struct {
	path          string
	before, after string
}

// prepare keeps both contents of every file and gives what has to be known to replace and to restore them.
func (v vault) prepare(edits []edit) ([]FileState, error) {
	var files []FileState
	for _, e := range edits {
		actual, err := filepath.EvalSymlinks(e.path)
		if err != nil {
			return nil, fmt.Errorf("follow %s: %w", e.path, err)
		}
		own, err := ownerOf(actual)
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", actual, err)
		}
		file := FileState{Path: e.path, Real: actual, Mode: uint32(own.mode), UID: own.uid, GID: own.gid}
		if file.Before, err = v.keep([]byte(e.before)); err != nil {
			return nil, err
		}
		if file.After, err = v.keep([]byte(e.after)); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	slices.SortFunc(files, func(a, b FileState) int { return strings.Compare(a.Real, b.Real) })
	return files, nil
}

// pending gives the files that still hold the content `from`. A file that holds neither `from` nor `to` was edited by somebody
// else, and is an EditedError.
func (v vault) pending(files []FileState, from, to func(FileState) string) ([]FileState, error) {
	var pending []FileState
	for _, file := range files {
		now, err := os.ReadFile(file.Real)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file.Real, err)
		}
		switch hashOf(now) {
		case to(file):
		case from(file):
			pending = append(pending, file)
		default:
			expected, err := v.kept(from(file))
			if err != nil {
				return nil, err
			}
			return nil, &EditedError{Path: file.Path, Diff: unified(file.Path, string(expected), string(now))}
		}
	}
	return pending, nil
}

// swap replaces every file that holds the content `from` by the content `to`, or touches none.
func (v vault) swap(files []FileState, from, to func(FileState) string) error {
	pending, err := v.pending(files, from, to)
	if err != nil {
		return err
	}
	for _, file := range pending {
		content, err := v.kept(to(file))
		if err != nil {
			return err
		}
		own := owner{mode: fs.FileMode(file.Mode), uid: file.UID, gid: file.GID}
		if err := writeSynced(file.Real, content, own); err != nil {
			return problem("run as the file's owner or root; where the file is part of an image or a ConfigMap, move it by a command instead",
				fmt.Errorf("replace %s: %w", file.Real, err))
		}
	}
	// A kill between writing and renaming leaves a new file beside a file that needs no replacing any more.
	for _, file := range files {
		if err := os.Remove(temporaryName(file.Real)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what an earlier run left: %w", err)
		}
	}
	return nil
}

func beforeOf(file FileState) string { return file.Before }
func afterOf(file FileState) string  { return file.After }

// apply makes the change; restore takes it back.
func (v vault) apply(files []FileState) error   { return v.swap(files, beforeOf, afterOf) }
func (v vault) restore(files []FileState) error { return v.swap(files, afterOf, beforeOf) }

// stands says whether every file still holds what was applied.
func (v vault) stands(files []FileState) error {
	for _, file := range files {
		now, err := os.ReadFile(file.Real)
		if err != nil {
			return fmt.Errorf("read %s: %w", file.Real, err)
		}
		if hashOf(now) != file.After {
			applied, err := v.kept(file.After)
			if err != nil {
				return err
			}
			return &EditedError{Path: file.Path, Diff: unified(file.Path, string(applied), string(now))}
		}
	}
	return nil
}

// EditedError says that somebody changed a file that is ours to change or to put back.
type EditedError struct {
	Path string
	// Diff shows how, secrets masked.
	Diff string
}

// Error names the file and shows what was edited.
func (e *EditedError) Error() string {
	return fmt.Sprintf("%s was %v by somebody else; %s\n%s", e.Path, ErrEdited, e.Hint(), e.Diff)
}

// Hint says what to do now.
func (e *EditedError) Hint() string {
	return "take the edit below back and run this again"
}

// Is makes errors.Is(err, ErrEdited) true.
func (e *EditedError) Is(target error) bool { return target == ErrEdited }

// owner is whose file it is and who may read it.
type owner struct {
	mode     fs.FileMode
	uid, gid int // -1 leaves it to the system
}

func temporaryName(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+temporarySuffix)
}

// writeSynced replaces a file by rename, so that a reader sees the old or the new content and a power cut leaves one of both.
func writeSynced(path string, content []byte, own owner) error {
	temporary := temporaryName(path)
	file, err := os.OpenFile(temporary, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, privateMode)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil && own.uid >= 0 {
		// Before chmod: a change of owner clears the set-id bits.
		err = keepOwner(file, own)
	}
	if err == nil {
		err = file.Chmod(own.mode)
	}
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		return errors.Join(err, removeQuietly(temporary))
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	// Some file systems can't sync a folder, and Windows permits it on none; the rename itself is done by then.
	if err := folder.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrPermission) {
		return errors.Join(err, folder.Close())
	}
	return folder.Close()
}

func removeQuietly(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
