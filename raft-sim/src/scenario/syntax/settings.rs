//! Settings of one server, as `settings` lines state them.

use crate::subject::{self, SETTINGS, Setting};

/// `settings`: those of [`SETTINGS`] that lines set for one server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// True for each row of the table that is set, in its order.
    set: [bool; SETTINGS.len()],
    /// The server's settings: the default of each that is not set.
    values: subject::Settings,
}

impl Settings {
    /// Settings that a line must state to get a server from some settings to others: those that differ. Those that are
    /// switched on are stated again; that one is switched off can't be stated.
    #[must_use]
    pub fn change(from: subject::Settings, to: subject::Settings) -> Settings {
        let mut settings = Settings::default();
        for setting in &SETTINGS {
            let is_switch = setting.is_off(subject::Settings::default());
            if is_switch || setting.differs(from, to) {
                settings.set(setting, to);
            }
        }
        settings
    }

    /// Settings of a server: these, and the defaults of all others.
    #[must_use]
    pub fn values(&self) -> subject::Settings {
        self.values
    }

    /// The settings that are set, in the order of the table.
    pub fn all(&self) -> impl Iterator<Item = &'static Setting> + use<> {
        SETTINGS.iter().zip(self.set).filter_map(|(setting, is_set)| is_set.then_some(setting))
    }

    /// True if this one is set.
    #[must_use]
    pub fn sets(&self, setting: &Setting) -> bool {
        self.all().any(|set| set.word == setting.word)
    }

    /// Sets one to its value in other settings; one that is off there is not set.
    pub fn set(&mut self, setting: &Setting, values: subject::Settings) {
        setting.copy(values, &mut self.values);
        self.mark(setting, !setting.is_off(values));
    }

    /// Removes one, unless another one that is set rests on it.
    pub fn reset(&mut self, setting: &Setting) {
        if !setting.is_needed(self.values) {
            setting.reset(&mut self.values);
            self.mark(setting, false);
        }
    }

    /// These settings, overridden by those of a later line.
    #[must_use]
    pub fn then(mut self, later: Settings) -> Settings {
        later.all().for_each(|setting| self.set(setting, later.values));
        self
    }

    fn mark(&mut self, setting: &Setting, is_set: bool) {
        let rows = SETTINGS.iter().zip(&mut self.set);
        rows.filter(|(row, _)| row.word == setting.word).for_each(|(_, set)| *set = is_set);
    }
}
