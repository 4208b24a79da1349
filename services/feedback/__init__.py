"""feedback 反馈: owns every case from the registration of its need to its resolution."""
